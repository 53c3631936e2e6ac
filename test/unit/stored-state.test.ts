import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { readCommandLine } from "../../cli/pulumi/command-line";
import { requireKnownState } from "../../cli/pulumi/state";
import { TIER_TYPE } from "../../provider";
import { isKnownProvider } from "../../provider/resource/known-providers";
import { temporaryFolder } from "../support/folder";

const FIXTURES = "test/fixtures/stored-provider";
const texts = readdirSync(FIXTURES).map((file) => readFileSync(path.join(FIXTURES, file), "utf8"));
const [known] = texts;
const EVIL = `${known}\nrequire("node:child_process").execSync("id");`;

test("the texts that are known are those that are kept", () => {
  expect(texts.filter((text) => !isKnownProvider(text))).toEqual([]);
  expect(isKnownProvider(readFileSync("provider/resource/stored-provider.js", "utf8"))).toBe(true);
  expect([EVIL, "", `${known}\n`].filter(isKnownProvider)).toEqual([]);
  const digests = readFileSync("provider/resource/known-providers.ts", "utf8").match(/"[0-9a-f]{64}"/g) ?? [];
  expect(digests).toHaveLength(texts.length);
});

const urn = (type: string, name: string) => `urn:pulumi:dev::one-roof::${type}::${name}`;
const tier = (inputs: object, outputs: object = inputs, type = TIER_TYPE) => ({
  urn: urn(type, "tier-1"),
  type,
  inputs,
  outputs,
});
const stack = (outputs: object = {}) => ({
  urn: urn("pulumi:pulumi:Stack", "x"),
  type: "pulumi:pulumi:Stack",
  outputs,
});
const provider = (inputs: object) => tier(inputs, {}, "pulumi:providers:pulumi-nodejs");

/** Judges a state of these resources in a local backend. The CLI stands for one that cannot be asked. */
function judge(
  resources: object[],
  { pending = [] as object[], text = (state: object) => JSON.stringify(state), command = "destroy" } = {},
): void {
  const backend = temporaryFolder();
  const folder = path.join(backend, ".pulumi", "stacks", "one-roof");
  mkdirSync(folder, { recursive: true });
  const state = { version: 3, checkpoint: { stack: "dev", latest: { resources, pending_operations: pending } } };
  const written = text(state).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
  writeFileSync(path.join(folder, "dev.json"), written);
  const env = { PULUMI_BACKEND_URL: pathToFileURL(backend).href };
  requireKnownState(readCommandLine([command]), { binary: "/nowhere/pulumi", env });
}

const good = { __provider: known, tier: 1 };

describe("a state", () => {
  test("as it was stored is let through, and so is an empty one", () => {
    expect(() =>
      judge([
        stack({ target: "x" }),
        provider({ "one-roof:database": "x" }),
        ...texts.map((text) => tier({ __provider: text })),
      ]),
    ).not.toThrow();
    expect(() => judge([])).not.toThrow();
    const env = { PULUMI_BACKEND_URL: pathToFileURL(temporaryFolder()).href };
    mkdirSync(path.join(new URL(env.PULUMI_BACKEND_URL).pathname, ".pulumi"));
    expect(() => requireKnownState(readCommandLine(["up"]), { binary: "/nowhere/pulumi", env })).not.toThrow();
  });

  test.each([
    ["inputs", [tier({ __provider: EVIL }, good)], /tier-1: inputs with an unknown provider, SHA-256 [0-9a-f]{64}/],
    ["outputs", [tier(good, { __provider: EVIL })], /tier-1: outputs with an unknown provider/],
    [
      "a secret",
      [tier({ __provider: { "4dabf18193072939515e22adb298388d": "1b47", ciphertext: "v1:x" } })],
      /no plain text/,
    ],
    ["the stack itself", [stack({ __provider: EVIL })], /x: outputs with an unknown provider/],
    [
      "another dynamic resource",
      [tier(good, good, "pulumi-nodejs:dynamic:Resource")],
      /a resource of the type pulumi-nodejs:dynamic:Resource/,
    ],
    [
      "a resource that runs a command",
      [tier({ delete: "id" }, {}, "command:local:Command")],
      /of the type command:local:Command/,
    ],
    [
      "a plugin from elsewhere",
      [provider({ pluginDownloadURL: "https://evil.example" })],
      /the setting pluginDownloadURL/,
    ],
    ["a name that a terminal obeys", [tier({ __provider: EVIL }, {}, "\x1b[2J")], /of the type \\x1b\[2J/],
  ])("with other code in %s is refused by name", (_, resources, message) => {
    expect(() => judge(resources)).toThrow(message);
    expect(() => judge(resources)).toThrow("Nothing was started.");
  });

  test("with other code in an operation that was under way is refused", () => {
    expect(() => judge([], { pending: [{ type: "creating", resource: tier({ __provider: EVIL }) }] })).toThrow(
      /unknown provider/,
    );
  });

  test.each([
    ["in other letters", (json: string) => json.replace('"outputs":', '"Outputs":')],
    ["in letters that only look others", (json: string) => json.replace('"resources":', '"reſources":')],
    ["twice", (json: string) => json.replace('"outputs":', '"outputs":{},"outputs":')],
    ["not as JSON", (json: string) => json.slice(1)],
  ])("that has something %s is not judged by us: the CLI has to read it", (_, edit) => {
    expect(() => judge([tier(good)], { text: (state) => edit(JSON.stringify(state)) })).toThrow(
      /cannot be read.*Nothing was started/s,
    );
  });

  test.each([["config"], ["stack"], ["cancel"], ["state"]])(
    "does not keep `%s` from working, which runs nothing of it",
    (command) => {
      expect(() => judge([tier({ __provider: EVIL })], { command })).not.toThrow();
    },
  );

  test.each([["up"], ["preview"], ["refresh"], ["import"], ["update"], ["dn"], ["watch"]])(
    "is judged before `%s`",
    (command) => {
      expect(() => judge([tier({ __provider: EVIL })], { command })).toThrow(/unknown provider/);
    },
  );
});

test.each([
  ["is empty", "", false],
  ["is cut off", '{"user.cache_control":"","md', false],
  ["is whole", '{"md5":"1B2M2Y8AsgTpgAmy7PhCfg=="}', true],
])("a checksum beside the state that %s stays only if the engine can read it", (_, text, stays) => {
  const backend = temporaryFolder();
  const folder = path.join(backend, ".pulumi", "stacks", "one-roof");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "dev.json.attrs"), text);
  const env = { PULUMI_BACKEND_URL: pathToFileURL(backend).href };
  const said = jest.spyOn(console, "error").mockReturnValue();
  requireKnownState(readCommandLine(["stack", "export"]), { binary: "/nowhere/pulumi", env });
  expect(readdirSync(folder)).toHaveLength(stays ? 1 : 0);
  expect(said.mock.calls).toEqual(
    stays ? [] : [[expect.stringContaining("dev.json.attrs, which is cut off: removed")]],
  );
  said.mockRestore();
});
