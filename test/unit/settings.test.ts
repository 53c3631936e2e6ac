import fc from "fast-check";
import { DEFAULT_OPTIONS, expectedDatabase, parseInterval, runOptions, sessionSettings } from "../../provider/settings";
import { ROLLOUT } from "./fixtures";

describe("an interval", () => {
  test.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["2min", 120_000],
    ["999999ms", 999_999],
  ])("%s is %i ms", (text, expected) => {
    expect(parseInterval(text)).toBe(expected);
  });

  test.each(["", "0", "0s", "-1s", "5", "5 s", "1.5s", "2h", "05s", "1000000ms", "5s;", " 5s", "5S", "5s\n"])(
    "%j is none",
    (text) => {
      expect(parseInterval(text)).toBeUndefined();
    },
  );

  test("is above zero or none, whatever the text", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.tuple(fc.integer(), fc.constantFrom("ms", "s", "min")).map((each) => each.join("")),
    );
    fc.assert(fc.property(texts, (text) => (parseInterval(text) ?? 1) > 0));
  });
});

describe("the options of a run", () => {
  test("are the defaults where the configuration is silent", () => {
    expect(runOptions(() => undefined)).toEqual(DEFAULT_OPTIONS);
  });

  test("are what the configuration says", () => {
    const values: Record<string, string> = {
      ...{ lockTimeout: "1s", statementTimeout: "2min", retryBudget: "5s", holdBudget: "10ms" },
      ...{ readerRoles: "a,b", evidence: "/proofs" },
    };
    expect(runOptions((key) => values[key])).toEqual({ ...values, retryBudget: 5_000, holdBudget: 10 });
  });

  test.each(["lockTimeout", "statementTimeout", "retryBudget", "holdBudget"])(
    "refuse a wrong %s by its name",
    (wrong) => {
      expect(() => runOptions((key) => (key === wrong ? "soon" : undefined))).toThrow(
        `Configuration ${wrong}: expected a time such as 500ms, 30s or 2min, found "soon". Set it with: pulumi config set ${wrong} 2s`,
      );
    },
  );
});

describe("the settings of a session", () => {
  test("carry every parameter, by default, empty, or as given", () => {
    expect(sessionSettings(ROLLOUT, {}, DEFAULT_OPTIONS)).toMatchObject({
      ...{ "toy.lock_timeout": "500ms", "toy.statement_timeout": "30s" },
      ...{ "toy.base": "main", "toy.code": "" },
    });
    expect(sessionSettings(ROLLOUT, { base: "copy", code: "X" }, DEFAULT_OPTIONS)).toMatchObject({
      ...{ "toy.base": "copy", "toy.code": "X" },
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

test("the database expected is the one given, the default, or a refusal", () => {
  expect(expectedDatabase(ROLLOUT, { base: "copy" })).toBe("copy");
  expect(expectedDatabase(ROLLOUT, {})).toBe("main");
  expect(() => expectedDatabase({ ...ROLLOUT, databaseParameter: "code" }, {})).toThrow("declares no database");
});
