import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "../../cli/commands";
import { codeOf, EXIT, type End, MEANING } from "../../cli/exit-codes";
import { exitCodeOf, readOutcome } from "../../cli/pulumi/outcome";
import type { Failed, Intent } from "../../provider";
import { failureOf } from "../../provider/postgres/failed";
import { RolloutError } from "../../provider/model/errors";
import { ConnectionLost } from "../../provider/postgres/sqlstate";
import { note, noted, noteFailure } from "../../provider/resource/outcome";
import { temporaryFolder } from "../support/folder";

const INTENT: Intent = {
  applies: 8,
  adopts: 0,
  removes: 0,
  objects: 43,
  rows: 222,
  verdict: "PASS",
  unrehearsed: "",
  accepted: false,
};

test("README's table is the one of the commands", () => {
  const [, section = ""] = readFileSync("README.md", "utf8").split("### Exit codes");
  const rows = [...section.split("\n## ")[0].matchAll(/^\| *(\d+) *\| (.*?) *\|$/gm)].map(([, code, meaning]) => [
    Number(code),
    meaning,
  ]);
  const ends = Object.keys(EXIT) as End[];
  expect(rows).toEqual(ends.map((end) => [EXIT[end], MEANING[end]]));
  expect(new Set(Object.values(EXIT)).size).toBe(ends.length);
});

test.each([["gate"], ["verify"], ["status"]])("the usage of %s names every code by which it ends", async (name) => {
  const said = jest.spyOn(console, "log").mockReturnValue();
  const { run } = require(`../../cli/commands/${name}`) as { run: Command };
  expect(await run(["--help"], name)).toBe(EXIT.done);
  const codes = [...String(said.mock.lastCall).matchAll(/(\d+) = /g)].map(([, code]) => Number(code));
  said.mockRestore();
  const { done, failed, configuration, refused, locked, unreachable } = EXIT;
  expect(codes).toEqual([done, refused, configuration, locked, unreachable, failed]);
});

describe("what the CLI returned and what the run has told make one code", () => {
  const unrehearsed: Intent = { ...INTENT, verdict: "NOT REHEARSED", unrehearsed: "this login may not write" };
  const told = (failures: Failed[], intent?: Intent) => ({ failures, ...(intent && { intent }) });

  test.each<[what: string, code: number, told: { failures: Failed[]; intent?: Intent }, end: End]>([
    ["a rehearsed preview", 0, told([], INTENT), "done"],
    ["a command that runs no program", 0, told([]), "done"],
    ["a preview that was not rehearsed", 0, told([], unrehearsed), "notRehearsed"],
    ["the same, of a release that is accepted so", 0, told([], { ...unrehearsed, accepted: true }), "notRehearsed"],
    ["a rollback that was not rehearsed", 0, told([], { ...unrehearsed, verdict: "PASS" }), "notRehearsed"],
    ["a preview of what the switched off pack would refuse", 0, told([], { ...INTENT, verdict: "STOP" }), "refused"],
    ["a refusal of the pack", 1, told(["refused", "refused"], { ...INTENT, verdict: "STOP" }), "refused"],
    ["an update that was not rehearsed", 1, told(["refused"], unrehearsed), "notRehearsed"],
    ["a lock, after a passed rehearsal", 1, told(["locked"], INTENT), "locked"],
    ["a configuration", 1, told(["configuration"]), "configuration"],
    ["no server", 255, told(["unreachable"]), "unreachable"],
    ["a refusal beside what nobody foresaw", 1, told(["refused", "defect"]), "failed"],
    ["a failure that nothing explains", 1, told([]), "failed"],
    ["a failure of the engine after a passed rehearsal", 255, told([], INTENT), "failed"],
    ["the CLI's own word on its options", 2, told([]), "configuration"],
    ["the CLI's own word on a missing stack", 6, told([]), "configuration"],
    ["the CLI's own word on a login to the backend", 3, told([]), "configuration"],
    ["the CLI's own word on a question that was left", 8, told([]), "declined"],
  ])("%s", (_, code, outcome, end) => {
    expect(exitCodeOf({ code, interrupted: false, ...outcome }, true)).toBe(EXIT[end]);
  });

  test("what is not a preview and has succeeded is done, whatever it was rehearsed like", () => {
    const up = { code: 0, interrupted: false, failures: [], intent: { ...unrehearsed, accepted: true } };
    expect(exitCodeOf(up, false)).toBe(EXIT.done);
  });

  test("a signal says so itself", () => {
    expect(exitCodeOf({ code: 130, interrupted: true, failures: ["refused"] }, false)).toBe(130);
    expect(exitCodeOf({ code: 143, interrupted: true, failures: [], intent: unrehearsed }, true)).toBe(143);
  });
});

test.each<[error: unknown, failed: Failed]>([
  [new RolloutError("a gate"), "refused"],
  [new RolloutError("a key", undefined, { failed: "configuration" }), "configuration"],
  [new RolloutError("given up", "55P03"), "locked"],
  [new RolloutError("held", "OR003"), "locked"],
  [new RolloutError("gone", "57P01"), "unreachable"],
  [new ConnectionLost(new Error("Query read timeout")), "unreachable"],
  [Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "unreachable"],
  [Object.assign(new Error("permission denied"), { code: "42501" }), "refused"],
  [Object.assign(new Error("syntax error"), { code: "42601" }), "defect"],
  [new TypeError("undefined is not a function"), "defect"],
  ["thrown", "defect"],
])("%s is %s", (error, failed) => {
  expect(failureOf(error)).toBe(failed);
  expect(codeOf(failed)).toBe(EXIT[failed === "defect" ? "failed" : failed]);
});

describe("what a run tells", () => {
  afterEach(() => delete process.env.ROLLOUT_OUTCOME);

  test("is read back in its order, and a line that cannot be read is a defect", async () => {
    const file = path.join(temporaryFolder(), "notes");
    expect(readOutcome(file)).toEqual({ failures: [], tiers: [] });
    process.env.ROLLOUT_OUTCOME = file;
    note({ is: "intent", ...INTENT });
    noteFailure("refused");
    await expect(noted(() => Promise.reject(new RolloutError("held", "OR003")))).rejects.toThrow("held");
    const tier = { is: "applied", tier: 1, line: "Tier 1 (Structure): as declared" } as const;
    note(tier);
    const intent = { is: "intent", ...INTENT };
    expect(readOutcome(file)).toEqual({ failures: ["refused", "locked"], intent, tiers: [tier] });
    writeFileSync(file, "half a li");
    expect(readOutcome(file)).toEqual({ failures: ["defect"], tiers: [] });
  });

  test("is told to nobody where nobody listens, or where it cannot be written", () => {
    expect(() => noteFailure("refused")).not.toThrow();
    process.env.ROLLOUT_OUTCOME = "/nowhere/notes";
    expect(() => noteFailure("refused")).not.toThrow();
  });
});
