import path from "node:path";
import { operationOptions } from "../../cli/commands/operation";
import { readCommandLine, withoutCommand } from "../../cli/pulumi/command-line";

const surroundings = process.env;

beforeEach(() => {
  process.env = {};
});

afterEach(() => {
  process.env = surroundings;
});

describe("the stack is the one that Pulumi works on", () => {
  test.each([
    [[], "dev"],
    [["-s", "prod"], "prod"],
    [["-sprod"], "prod"],
    [["-s=prod"], "prod"],
    [["--stack", "prod"], "prod"],
    [["--stack=prod"], "prod"],
    [["--stack", "acme/one-roof/prod"], "prod"],
    [["-fysprod"], "prod"],
    [["--stack=one", "-s", "two"], "two"],
    [["--message", "-sother"], "dev"],
    [["-m-sother"], "dev"],
    [["-ckey=-sother", "-t=s=other"], "dev"],
    [["-y=false"], "dev"],
    [["-fy=false", "-r=true"], "dev"],
    [["--", "-sother"], "dev"],
  ])("%j", (args, stack) => {
    expect(readCommandLine(["up", ...args]).stack).toBe(stack);
  });

  test("from the environment, where the arguments name none", () => {
    process.env.PULUMI_STACK = "acme/one-roof/prod";
    expect(readCommandLine([])).toMatchObject({ stack: "prod", fullStack: "acme/one-roof/prod" });
    process.env.PULUMI_OPTION_STACK = "option";
    expect(readCommandLine([]).stack).toBe("option");
    expect(readCommandLine(["-sgiven"]).stack).toBe("given");
  });
});

test.each([
  [["--config-file", "a.yaml"], "a.yaml"],
  [["--config-file=a.yaml"], "a.yaml"],
  [["-sprod"], path.resolve("Pulumi.prod.yaml")],
])("the configuration of %j", (args, file) => {
  expect(readCommandLine(args).configFile).toBe(file);
});

describe("options that are added", () => {
  const added = (command: string, ...args: string[]) =>
    operationOptions({ name: command, line: readCommandLine([command, ...args]) }, false).filter(
      (option) => option !== "--non-interactive",
    );

  test("the answer, where it is ours to give", () => {
    expect(operationOptions({ name: "up", line: readCommandLine(["up"]) }, true)).toContain("--yes");
  });

  test.each([
    ["up", [], []],
    ["destroy", [], ["--run-program"]],
    ["preview", [], []],
    ["up", ["-sprod"], []],
    ["up", ["-y"], []],
    ["up", ["-fy"], []],
    ["up", ["--yes=false"], []],
    ["up", ["-y=false"], []],
    ["refresh", ["--preview-only"], []],
    ["refresh", [], ["--clear-pending-creates"]],
    ["refresh", ["--preview-only=false", "--skip-pending-creates"], []],
    ["destroy", ["--run-program=false", "-m", "-y"], []],
  ])("%s %j", (command, args, options) => {
    expect(added(command, ...args)).toEqual(options);
  });

  test("not the program of a destroy that has nothing to delete: it would leave the stack's own resource", () => {
    const options = operationOptions({ name: "destroy", line: readCommandLine(["destroy"]), isEmpty: true }, false);
    expect(options).not.toContain("--run-program");
  });

  test.each([["-ttier-6"], ["--target=tier-6"], ["-x", "tier-6"]])("%s leaves tiers behind on purpose", (...args) => {
    const line = readCommandLine(["destroy", ...args]);
    expect(line.has("target") || line.has("exclude")).toBe(true);
  });
});

test.each([
  [["up"], []],
  [
    ["-y", "dn", "-sup"],
    ["--yes", "--stack=up"],
  ],
  [
    ["--message", "up", "up", "--", "up"],
    ["--message=up", "--", "up"],
  ],
  [
    ["-fsdev", "-tup", "update", "--diff"],
    ["--skip-preview", "--stack=dev", "--target=up", "--diff"],
  ],
])("what %j says beside its command", (args, rest) => {
  expect(withoutCommand(args)).toEqual(rest);
});
