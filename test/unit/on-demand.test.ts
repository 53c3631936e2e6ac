import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { ON_DEMAND } from "../../cli/lifeline";
import { temporaryFolder } from "../support/folder";

/** What a script prints as JSON in a process of its own; with Node's options of a run if nothing else is said. */
function printed(args: readonly string[], { options = ON_DEMAND, ...env }: Record<string, string> = {}): unknown {
  const output = execFileSync(process.execPath, args, {
    cwd: path.resolve(""),
    env: { ...process.env, NODE_OPTIONS: options, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(output);
}

const LOADED = `
  const loaded = (name) => Object.keys(require.cache).filter((file) => file.includes(name)).length;
  const compilers = () => loaded("lib/typescript.js") + loaded("ts-node");`;

test("the SDK loads npm's resolver and TypeScript when they are used, and then finds them whole", () => {
  const script = `${LOADED} const late = () => [loaded("arborist"), loaded("lib/typescript.js")].map(Boolean);
    require("@pulumi/pulumi");
    const before = late();
    new (require("@npmcli/arborist").Arborist)({ path: require("typescript").version });
    console.log(JSON.stringify([before, late()]));`;
  const neither = [false, false];
  const both = [true, true];
  expect(printed(["-e", script])).toEqual([neither, both]);
  // Should the SDK stop loading them by itself, ours can go.
  expect(printed(["-e", script], { options: "" })).toEqual([both, both]);
});

test("the SDK's compiler is not registered for a program; tsx loads it", () => {
  const program = path.join(temporaryFolder(), "program.ts");
  writeFileSync(program, `const answer: number = 42;\nexport = answer;\n`);
  const script = `${LOADED} const answer = require(${JSON.stringify(program)});
    console.log(JSON.stringify([answer, process.env.PULUMI_NODEJS_TYPESCRIPT, compilers()]));`;
  expect(printed(["-e", script], { PULUMI_NODEJS_TYPESCRIPT: "true" })).toEqual([42, "false", 0]);
});

test("nor for a pack", () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "package.json"), `{ "name": "pack", "version": "1.0.0" }`);
  writeFileSync(
    path.join(folder, "index.js"),
    `// @ts-nocheck\n${LOADED} console.log(JSON.stringify(compilers())); process.exit();`,
  );
  const pack = [require.resolve("@pulumi/pulumi/cmd/run-policy-pack"), "127.0.0.1:1", folder];
  expect(printed(pack)).toBe(0);
  expect(printed(pack, { options: "" })).not.toBe(0);
});

test("no promise notes where it was made, unless somebody looks for those that leak", () => {
  const script = `
    const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable");
    const promise = Promise.resolve();
    debuggablePromise(promise, "ours");
    console.log(JSON.stringify([promise._debugCtx, promise._debugStackTrace.split("\\n").length > 1, Error.stackTraceLimit]));`;
  expect(printed(["-e", script])).toEqual(["ours", false, 10]);
  expect(printed(["-e", script], { PULUMI_DEBUG_PROMISE_LEAKS: "1" })).toEqual(["ours", true, 10]);
});
