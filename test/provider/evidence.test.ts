import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { putOthersAside, writeEvidence } from "../../provider/ledger/evidence";
import { requireEvidenceFolder } from "../../provider/ledger/evidence-folder";
import type { LedgerRow } from "../../provider/ledger/ledger";
import { messageOf } from "../../provider/model/errors";
import { failureOf } from "../../provider/postgres/failed";
import { withDatabase } from "../support/database/database";
import { temporaryFolder } from "../support/folder";
import { stateOf } from "../support/pulumi/applied";
import { heard, programOn } from "../support/pulumi/program";

/** What stands in the place of a rollout's evidence, and who may read it. */

const ID = "11111111-2222-4333-8444-555555555555";
const row = { tier: 3, rolloutId: ID } as LedgerRow;
const target = { database: "directus", system: "7" };
const proof = (text: string) => ({ removed: [text], accepted: [], since: [], rolledBackAt: "2026-06-04T10:00:00Z" });

let folder: string;

beforeEach(() => (folder = temporaryFolder()));

const OTHERS: readonly (readonly [what: string, put: (file: string) => void])[] = [
  ["a broken file", (file) => writeFileSync(file, `{"tiers": {"1":`)],
  ["nothing at all", (file) => writeFileSync(file, "")],
  ["a list", (file) => writeFileSync(file, "[]")],
  ["evidence of another rollout", (file) => writeFileSync(file, `{"rolloutId": "other", "tiers": {}}`)],
  ["tiers that are none", (file) => writeFileSync(file, `{"rolloutId": "${ID}", "tiers": [1]}`)],
  ["a link to elsewhere", (file) => symlinkSync("/nowhere/else", file)],
  ["a folder", (file) => mkdirSync(file)],
];

test.each(OTHERS)("%s in its place is kept under another name", async (_, put) => {
  const file = path.join(folder, `${ID}.json`);
  put(file);
  const before = lstatSync(file);
  const told = await putOthersAside(folder, ID);
  const [aside] = readdirSync(folder);
  expect(aside).toMatch(new RegExp(`^${ID}\\.json\\.set-aside-\\d{8}T\\d+Z-[0-9a-f]{8}$`));
  expect(told).toBe(`${file} is no evidence of this rollout: it is kept as ${path.join(folder, aside)}.`);
  expect(lstatSync(path.join(folder, aside)).ino).toBe(before.ino);
  await writeEvidence(folder, target, row, proof("fresh"));
  expect(await putOthersAside(folder, ID)).toBeUndefined();
  expect(JSON.parse(readFileSync(file, "utf8")).tiers[3].proof.removed).toEqual(["fresh"]);
});

test("is for nobody else to read, and what was written before neither", async () => {
  const made = path.join(folder, "made");
  const file = await writeEvidence(made, target, row, proof("three"));
  const earlier = path.join(made, "00000000-0000-4000-8000-000000000000.json");
  writeFileSync(earlier, "{}");
  chmodSync(earlier, 0o644);
  await writeEvidence(made, target, row, proof("three"));
  expect([made, file, earlier].map((each) => lstatSync(each).mode & 0o777)).toEqual([0o700, 0o600, 0o600]);
});

describe("a folder that cannot be", () => {
  const occupied = () => {
    const file = path.join(folder, "file");
    writeFileSync(file, "");
    return path.join(file, "evidence");
  };

  test.each([
    ["below a file", occupied],
    ["in a pseudo file system, where Node's own mkdir never returns", () => "/proc/one-roof/evidence"],
  ])("%s is refused at once, before anything is rehearsed", async (_, cannotBe) => {
    const refusal =
      /evidence of a rollback could not be written to the folder .*Nothing was changed\. .*evidence FOLDER/;
    await expect(requireEvidenceFolder(cannotBe())).rejects.toThrow(refusal);
    await expect(writeEvidence(cannotBe(), target, row, proof(""))).rejects.toThrow("Nothing was changed");
    await withDatabase("signed", async (db) => {
      const rolled = programOn(db, { evidence: cannotBe() });
      const refused = await rolled.plan().catch((error: unknown) => error);
      expect([messageOf(refused), failureOf(refused)]).toEqual([expect.stringMatching(refusal), "configuration"]);
      expect(heard(rolled)).not.toContain("Rehearsed");
    });
  });

  test("is told by a preview, which writes nothing there and goes on", async () => {
    await withDatabase("signed", async (db) => {
      const rolled = programOn(db, { evidence: occupied() });
      process.env.PULUMI_NODEJS_DRY_RUN = "true";
      const { run } = await rolled.plan().finally(() => delete process.env.PULUMI_NODEJS_DRY_RUN);
      expect(run.verdict).toBe("PASS");
      expect(heard(rolled)).toMatch(
        /evidence of a rollback could not be written .*Until then pulumi up and pulumi destroy refuse\./,
      );
    });
  });

  test("is refused by the preview that an up or destroy begins with, before anything is rehearsed", async () => {
    await withDatabase("signed", async (db) => {
      const rolled = programOn(db, { evidence: occupied() });
      Object.assign(process.env, { PULUMI_NODEJS_DRY_RUN: "true", ROLLOUT_CHANGES: "true" });
      const refused = await rolled
        .plan()
        .catch((error: unknown) => error)
        .finally(() => {
          delete process.env.PULUMI_NODEJS_DRY_RUN;
          delete process.env.ROLLOUT_CHANGES;
        });
      expect(messageOf(refused)).toMatch(/written to the folder .*ENOTDIR: not a directory\. Nothing was changed\./);
      expect(heard(rolled)).not.toContain("Rehearsed");
    });
  });

  test("is told from one that can, of which nothing is made", async () => {
    await requireEvidenceFolder(path.join(folder, "not", "yet"));
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a broken file in the place of its evidence stops no rollback", async () => {
  await withDatabase("signed", async (db) => {
    const rolled = programOn(db);
    const states = await rolled.up(2);
    const state = stateOf(states, 2);
    const file = path.join(rolled.evidence, `${state.rolloutId}.json`);
    writeFileSync(file, "{");
    heard(rolled);
    await rolled.destroy(state);
    expect(heard(rolled)).toMatch(/\.json is no evidence of this rollout: it is kept as .*\.json\.set-aside-/);
    expect(Object.keys(JSON.parse(readFileSync(file, "utf8")).tiers)).toEqual(["2"]);
    expect(readdirSync(rolled.evidence)).toHaveLength(2);
  });
});
