import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { rollout } from "../../tiers";

const ROOT = path.resolve(__dirname, "../..");

interface Line {
  readonly id: string;
  readonly text: string;
  readonly gates: string[];
  readonly heldBy: string[];
  readonly testedBy: string[];
}

/** What docs/specification.md says under each of its numbers. */
const LINES = readFileSync(path.join(ROOT, "docs/specification.md"), "utf8")
  .split(/^(?=##)/m)
  .filter((section) => section.startsWith("### "))
  .map(readLine);

function readLine(section: string): Line {
  const [, id = "", text = ""] = /^### (\S+)\n(.*)$/s.exec(section) ?? [];
  const named = (what: string) => [
    ...(new RegExp(`_${what}_((?:\\s+\`[^\`]+\`,?)+)\\.`).exec(text)?.[1].matchAll(/`([^`]+)`/g) ?? []),
  ];
  const [gates, heldBy, testedBy] = ["Gates", "Held by", "Tested by"].map((what) =>
    named(what).map(([, name]) => name),
  );
  return { id, text, gates, heldBy, testedBy };
}

const GATES = new Map(rollout.tiers.flatMap(({ gates }) => gates.map(({ name, source }) => [name, source] as const)));

test("lines are numbered from 1 on, so that each can be cited", () => {
  expect(LINES.length).toBeGreaterThan(50);
  expect(LINES.map(({ id }) => id)).toEqual(LINES.map((_, index) => `S${index + 1}`));
});

test.each(LINES)("$id names the files that hold it and the tests that break it, and all are there", (line) => {
  expect(line.heldBy).not.toEqual([]);
  expect(line.testedBy).not.toEqual([]);
  expect([...line.heldBy, ...line.testedBy].filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  expect(line.testedBy.filter((file) => !file.endsWith(".test.ts"))).toEqual([]);
  // Whatever else it names in code marks was read too: nothing is left out by a comma or a full stop.
  expect(line.text.match(/`[\w/.-]+\/[\w.-]+`/g)).toHaveLength(line.heldBy.length + line.testedBy.length);
});

test.each([...GATES])("gate %s cites exactly the lines that name it", (gate, source) => {
  const naming = LINES.filter(({ gates }) => gates.includes(gate)).map(({ id }) => id);
  expect(naming).not.toEqual([]);
  expect(source).toBe(naming.join(" "));
});

test("every gate that a line names is declared", () => {
  const declared = (gate: string) => GATES.has(gate);
  expect(LINES.flatMap(({ gates }) => gates).filter((gate) => !declared(gate))).toEqual([]);
});

test("the owner's page has the agencies that are seeded", () => {
  const agencies = (file: string, row: RegExp) =>
    [...readFileSync(path.join(ROOT, file), "utf8").matchAll(row)].map(([, group, agency]) => `${group} ${agency}`);
  const seeded = agencies("sql/common/agencies.sql", /^ +(GRP-\S+) +(GOV-\S+)$/gm);
  expect(seeded).toHaveLength(5);
  expect(agencies("docs/for-the-owner.md", /^\| (GRP-\S+) +\| \d+ +\| (GOV-\S+)/gm)).toEqual(seeded);
});
