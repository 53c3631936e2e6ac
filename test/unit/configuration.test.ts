import fc from "fast-check";
import { OPTION_KEYS, parseInterval, readConfiguration, readOptions } from "../../provider/model/configuration";
import { ROLLOUT } from "./fixtures";

const DIGEST = "0123456789abcdef".repeat(4);
const ID = "3b241101-e2bb-4255-8caf-4136c566a962";

const DEFAULTS = {
  lockTimeout: 500,
  statementTimeout: 30_000,
  retryBudget: 30_000,
  holdBudget: 2_000,
  readerRoles: "",
  evidence: "evidence",
};

const read = (values: Record<string, string>) => readConfiguration(ROLLOUT, values);

test("what is silent has its default", () => {
  expect(read({ code: "X" })).toEqual({
    parameters: { base: "main", code: "X" },
    request: {
      throughTier: 3,
      rehearse: true,
      acceptUnrehearsed: "",
      release: "",
      adopt: "",
      movedFrom: "",
      access: "optional",
    },
    options: DEFAULTS,
  });
});

test("what is said counts", () => {
  const said = { acceptUnrehearsed: DIGEST, release: DIGEST, adopt: ID, movedFrom: "7123", access: "required" };
  const times = { lockTimeout: "1s", statementTimeout: "2min", retryBudget: "5s", holdBudget: "10ms" };
  expect(
    read({ code: "X", base: "copy", throughTier: "1", rehearse: "false", ...said, ...times, readerRoles: "a,b_1" }),
  ).toEqual({
    parameters: { base: "copy", code: "X" },
    request: { throughTier: 1, rehearse: false, ...said },
    options: {
      ...DEFAULTS,
      lockTimeout: 1_000,
      statementTimeout: 120_000,
      retryBudget: 5_000,
      holdBudget: 10,
      readerRoles: "a,b_1",
    },
  });
});

test("a tier of the number zero can be the last", () => {
  expect(read({ code: "X", throughTier: "0" }).request.throughTier).toBe(0);
});

const TIME = "expected a time such as 500ms, 30s or 2min";

test.each([
  ["base", "", /expected a value, found an empty text/],
  ["code", "", /expected a value, found an empty text/],
  ["throughTier", "2", /expected one of the tiers 0, 1, 3/],
  ["throughTier", "8 ", /expected one of the tiers 0, 1, 3/],
  ["throughTier", "", /expected one of the tiers 0, 1, 3/],
  ["rehearse", "yes", /expected true or false/],
  ["rehearse", "", /expected true or false/],
  ["access", "yes", /expected required or optional/],
  ["acceptUnrehearsed", "true", /expected 64 hexadecimal digits/],
  ["release", DIGEST.toUpperCase(), /expected 64 hexadecimal digits/],
  ["release", DIGEST.slice(1), /expected 64 hexadecimal digits/],
  ["adopt", "yes", /rollout id/],
  ["movedFrom", "cluster-1", /expected a system identifier, as the refusal prints it/],
  ["lockTimeout", "0ms", TIME],
  ["statementTimeout", "30", TIME],
  ["retryBudget", "2h", TIME],
  ["holdBudget", "-1s", TIME],
  ["readerRoles", "a; DROP ROLE b", /expected role names, comma-separated/],
  ["readerRoles", "a,", /expected role names, comma-separated/],
])("a wrong %s, %j, is refused by key, expected, found and command", (key, value, expected) => {
  const refusal = () => read({ code: "X", [key]: value });
  expect(refusal).toThrow(expected);
  expect(refusal).toThrow(`found "${value}". Set it with: pulumi config set ${key} VALUE`);
  expect(refusal).toThrow(new RegExp(`^The configuration of this stack is not usable:\\n {2}- ${key}: [^\\n]+$`));
});

test("a parameter that is needed and not set is refused", () => {
  expect(() => read({})).toThrow("code: expected a value, found none. Set it with: pulumi config set code VALUE");
});

test("a key that nobody reads is refused with how to take it out and those that are known", () => {
  expect(() => read({ code: "X", throughtier: "1" })).toThrow(
    /throughtier: there is no such key\. Take it out with: .* config rm throughtier\. Known are .*throughTier/,
  );
});

test("everything that is wrong is said at once", () => {
  let message = "";
  try {
    read({ rehearse: "no", holdBudget: "long", other: "1" });
  } catch (error) {
    ({ message } = error as Error);
  }
  const keys = [...message.matchAll(/^ {2}- (\w+): /gm)].map(([, key]) => key);
  expect(keys.sort()).toEqual(["code", "holdBudget", "other", "rehearse"]);
});

describe("the options alone, as a hook reads them", () => {
  test("are the same as in the whole configuration", () => {
    expect(readOptions({})).toEqual(DEFAULTS);
    expect(Object.keys(DEFAULTS)).toEqual([...OPTION_KEYS]);
  });

  test.each(["lockTimeout", "statementTimeout", "retryBudget", "holdBudget"])(
    "refuse a wrong %s by its name",
    (key) => {
      expect(() => readOptions({ [key]: "soon" })).toThrow(
        `${key}: ${TIME}, found "soon". Set it with: pulumi config set ${key} VALUE`,
      );
    },
  );
});

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
