import { readOptions } from "../../provider/model/configuration";
import { sessionSettings } from "../../provider/postgres/session-settings";
import { ROLLOUT } from "./fixtures";

const DEFAULT_OPTIONS = readOptions({});

describe("the settings of a session", () => {
  test("carry every parameter, by default, empty, or as given", () => {
    expect(sessionSettings(ROLLOUT, {}, DEFAULT_OPTIONS)).toMatchObject({
      "toy.lock_timeout": "500ms",
      "toy.statement_timeout": "30000ms",
      "toy.base": "main",
      "toy.code": "",
    });
    expect(sessionSettings(ROLLOUT, { base: "copy", code: "X" }, DEFAULT_OPTIONS)).toMatchObject({
      "toy.base": "copy",
      "toy.code": "X",
    });
  });

  test("bound every wait, statement and transaction, of our own questions and of the files", () => {
    const settings = sessionSettings(ROLLOUT, {}, { ...DEFAULT_OPTIONS, lockTimeout: 300, statementTimeout: 7_000 });
    expect(settings).toMatchObject({
      lock_timeout: "300ms",
      statement_timeout: "7000ms",
      transaction_timeout: "7000ms",
      "toy.lock_timeout": "300ms",
      "toy.statement_timeout": "7000ms",
    });
  });

  test("name reader roles only where there are some", () => {
    expect(sessionSettings(ROLLOUT, {}, DEFAULT_OPTIONS)).not.toHaveProperty(["toy.reader_roles"]);
    expect(sessionSettings(ROLLOUT, {}, { ...DEFAULT_OPTIONS, readerRoles: "a,b" })).toHaveProperty(
      ["toy.reader_roles"],
      "a,b",
    );
  });
});
