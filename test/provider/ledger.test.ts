import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { writeEvidence } from "../../provider/ledger/evidence";
import { NOTHING } from "../../provider/ledger/fingerprint";
import type { TierState } from "../../provider/model/tier-inputs";
import {
  dropLedger,
  forgetTier,
  type LedgerEntry,
  type LedgerRow,
  readLedger,
  writeLedger,
} from "../../provider/ledger/ledger";
import { createLedger, ledgerTable } from "../../provider/ledger/ledger-table";
import { NO_DELTA } from "../../provider/model/delta";
import type { Session } from "../../provider/postgres/session";
import { rollout } from "../../tiers";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { meanwhile, providerSession } from "../support/database/session";
import { forged, LEDGER, RECHAIN } from "../support/faults/rewrite";
import { temporaryFolder } from "../support/folder";
import { stateOf } from "../support/pulumi/applied";
import { type Program, programOn } from "../support/pulumi/program";

const ID = "0f0e0d0c-0b0a-4908-8706-050403020100";

/** Values that a notation could spoil on the way. */
const ENTRY: LedgerEntry = {
  tier: 3,
  rolloutId: ID,
  digest: "d".repeat(64),
  parameters: { ratifiedApr: `APR-'0211"`, database: "näme $1 \\ %s" },
  report: {
    tier: 3,
    title: "Three",
    verdict: "PASS",
    delta: NO_DELTA,
    stops: [],
    rollback: "exact",
    gates: { entry: { state: "on" }, exit: { gap: 0 } },
  },
  entry: NOTHING,
  exit: { rows: { "public.t": { rows: 2, hash: "h" } }, definitions: "s" },
  detail: {
    rows: { "public.t": [{ id: 1, text: "a\nb", none: null, deep: { list: [1, "2"] } }] },
    definitions: { "table t": { "column a": "1 text" } },
  },
  readings: { gap: 210, state: "on", missing: null },
  release: "e".repeat(64),
  signatures: [
    { source: "s", key: "1, 2", signer: `"Ü", 'x'`, decision: null, signedAt: null, digest: "f".repeat(64) },
  ],
  locks: [{ table: "public.t", mode: "ShareRowExclusiveLock", milliseconds: 12 }],
  applySql: "BEGIN;\nSELECT 'ü', E'\\n', $$;$$;\nCOMMIT;\n",
  rollbackSql: "",
};

describe("the ledger", () => {
  let db: TestDatabase;
  let session: Session;

  beforeAll(async () => {
    db = await database("empty");
    await db.query("CREATE ROLE ledger_stranger LOGIN").catch(() => undefined);
    session = await providerSession(db.url);
  });

  const within = <Seen>(look: () => Promise<Seen>) =>
    meanwhile(session, "", async () => {
      await createLedger(session, rollout);
      return look();
    });

  test("is empty where there is none, and is not made by reading", async () => {
    expect(await readLedger(session, rollout)).toEqual(new Map());
    expect(await db.value("SELECT to_regnamespace('one_roof_rollout')")).toBeNull();
  });

  test("gives back every value as it was written, with when and by whom", async () => {
    const rows = await within(async () => {
      await writeLedger(session, rollout, ENTRY);
      await writeLedger(session, rollout, { ...ENTRY, tier: 1 });
      await createLedger(session, rollout);
      return readLedger(session, rollout);
    });

    expect([...rows.keys()]).toEqual([1, 3]);
    const { appliedAt, appliedBy, position, hash, earlier, ...entry } = rows.get(3)!;
    expect(entry).toEqual(ENTRY);
    expect({ position, earlier }).toEqual({ position: 1, earlier: [] });
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(rows.get(1)!.position).toBe(2);
    expect(appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Math.abs(Date.parse(appliedAt) - Date.now())).toBeLessThan(60_000);
    expect(appliedBy).toBe("postgres");
  });

  test("holds a tier once", async () => {
    const twice = within(async () => {
      await writeLedger(session, rollout, ENTRY);
      await writeLedger(session, rollout, ENTRY);
    });
    await expect(twice).rejects.toThrow(/Tier 3 is in the ledger one_roof_rollout\.ledger as applied already/);
  });

  test("forgets one tier, and goes with the last", async () => {
    await within(async () => {
      await writeLedger(session, rollout, ENTRY);
      await writeLedger(session, rollout, { ...ENTRY, tier: 1 });
      await forgetTier(session, rollout, 3);
      await dropLedger(session, rollout);
      expect([...(await readLedger(session, rollout)).keys()]).toEqual([1]);

      await forgetTier(session, rollout, 1);
      await dropLedger(session, rollout);
      expect(await session.query("SELECT to_regnamespace('one_roof_rollout')::text AS schema")).toEqual([
        { schema: null },
      ]);
      await forgetTier(session, rollout, 1);
      await dropLedger(session, rollout);
    });
  });

  test("is not dropped over what others put into its schema", async () => {
    const dropped = within(async () => {
      await session.query("CREATE TABLE one_roof_rollout.of_others (id integer)");
      await dropLedger(session, rollout);
    });
    await expect(dropped).rejects.toThrow(/cannot drop schema one_roof_rollout/);
  });

  test("is not taken for empty by a login that may not read it", async () => {
    await session.query("BEGIN");
    await createLedger(session, rollout);
    await session.query("COMMIT");
    const stranger = await providerSession(db.url.replace("//postgres@", "//ledger_stranger@"));
    await expect(readLedger(stranger, rollout)).rejects.toThrow(
      /The ledger one_roof_rollout\.ledger exists, but this login may not read it[^]*grant it SELECT on one_roof_rollout\.ledger/,
    );
    await db.query("GRANT USAGE ON SCHEMA one_roof_rollout TO ledger_stranger");
    await expect(readLedger(stranger, rollout)).rejects.toThrow(/may not read it/);
    await db.query(`GRANT SELECT ON ${ledgerTable(rollout)} TO ledger_stranger`);
    expect(await readLedger(stranger, rollout)).toEqual(new Map());
  });
});

describe("the evidence of a rollback", () => {
  const row: LedgerRow = {
    ...ENTRY,
    position: 3,
    appliedAt: "2026-06-03T10:00:00Z",
    appliedBy: "postgres",
    hash: "f".repeat(64),
    earlier: [],
  };
  const target = { database: "directus", system: "7" };
  const proof = (text: string) => ({ removed: [text], accepted: [], since: [], rolledBackAt: "2026-06-04T10:00:00Z" });
  let folder: string;

  beforeEach(() => (folder = temporaryFolder()));

  test("is one file a rollout, that gathers the tiers and leaves no draft", async () => {
    const nested = path.join(folder, "a/b");
    const file = await writeEvidence(nested, target, row, proof("three"));
    expect(await writeEvidence(nested, target, { ...row, tier: 1 }, proof("one"))).toBe(file);

    expect(readdirSync(nested)).toEqual([`${ID}.json`]);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      rolloutId: ID,
      target,
      tiers: { 1: { ledger: { ...row, tier: 1 }, proof: proof("one") }, 3: { ledger: row, proof: proof("three") } },
    });
  });

  test("of a tier that was rolled back twice tells the second time too", async () => {
    await writeEvidence(folder, target, row, proof("first"));
    const file = await writeEvidence(folder, target, row, proof("second"));
    expect(JSON.parse(readFileSync(file, "utf8")).tiers[3].proof.removed).toEqual(["second"]);
  });

  test("is refused where it cannot be written, or where a broken file would be overwritten", async () => {
    const occupied = path.join(folder, "occupied");
    writeFileSync(occupied, "");
    const refusal = /The evidence of the rollback cannot be written to .*Nothing was changed\. .*evidence FOLDER/;
    await expect(writeEvidence(occupied, target, row, proof(""))).rejects.toThrow(refusal);

    writeFileSync(path.join(folder, `${ID}.json`), `{"tiers": {"1":`);
    await expect(writeEvidence(folder, target, row, proof(""))).rejects.toThrow(refusal);
    expect(readFileSync(path.join(folder, `${ID}.json`), "utf8")).toBe(`{"tiers": {"1":`);
  });
});

describe("a rollout and its ledger", () => {
  let db: TestDatabase;
  let rolled: Program;
  let states: TierState[];

  beforeAll(async () => {
    db = await database("signed");
    rolled = programOn(db);
    states = await rolled.up(3);
  });

  const state = (tier: number) => stateOf(states, tier);

  test("a broken ledger stops every run before it begins", async () => {
    await db.query(forged(2, { action: "'rolled back'" }) + "; " + RECHAIN);
    await expect(rolled.plan()).rejects.toThrow(
      /The ledger is broken: tier 2 is missing, but 3 are applied[^]*throughTier 1/,
    );
    await expect(rolled.create(state(2))).rejects.toThrow(/The ledger is broken: tier 2 is missing, but 3 are applied/);
    await db.query(`DELETE FROM ${LEDGER} WHERE position = 4`);
    expect((await rolled.plan(3)).run.verdict).toBe("PASS");
  });

  test("a tier of another rollout is neither applied over nor rolled back", async () => {
    await db.query(`UPDATE ${LEDGER} SET rollout_id = '${ID}' WHERE tier = 3; ${RECHAIN}`);
    try {
      await expect(rolled.destroy(state(2))).rejects.toThrow(`already carries rollout ${ID} (tiers 3, applied on`);
      await expect(rolled.create(state(3))).rejects.toThrow(`already carries rollout ${ID}`);
      const { inputs } = await rolled.plan(4);
      const four = inputs.find(({ tier }) => tier === 4)!;
      await expect(rolled.create({ ...four, rolloutId: state(3).rolloutId })).rejects.toThrow(
        `already carries rollout ${ID} (tiers 3, applied on`,
      );
      await expect(rolled.read(state(3))).rejects.toThrow(`already carries rollout ${ID} (tiers 3, applied on`);
    } finally {
      await db.query(`UPDATE ${LEDGER} SET rollout_id = '${state(3).rolloutId}'; ${RECHAIN}`);
    }
  });

  test("a rollback whose evidence cannot be written changes nothing", async () => {
    const before = await catalogAndRows(db.url);
    const occupied = path.join(rolled.evidence, "occupied");
    writeFileSync(occupied, "");
    await expect(programOn(db, { evidence: occupied }).destroy(state(3))).rejects.toThrow(
      /evidence of the rollback cannot be written/,
    );
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });

  test("the evidence holds what the ledger knew, the proof of every tier, and how production lived on", async () => {
    const ledger = await db.rows(
      "SELECT tier, digest, apply_sql, detail ->> 'release' FROM one_roof_rollout.ledger ORDER BY tier",
    );
    await db.query(`INSERT INTO approval_requests (code, title, request_type, action_type, status, requested_by)
      SELECT 'APR-0999', title, request_type, action_type, 'pending', requested_by FROM approval_requests LIMIT 1`);
    for (const tier of [3, 2, 1]) await rolled.destroy(state(tier));

    const { rolloutId, target, tiers } = JSON.parse(
      readFileSync(path.join(rolled.evidence, `${state(1).rolloutId}.json`), "utf8"),
    );
    expect({ rolloutId, target }).toEqual({ rolloutId: state(1).rolloutId, target: state(1).target });
    const written = Object.values<{ ledger: LedgerRow }>(tiers).map((each) => [
      each.ledger.tier,
      each.ledger.digest,
      each.ledger.applySql,
      each.ledger.release,
    ]);
    expect(written).toEqual(ledger);
    expect(ledger.map((row) => row[3])).toEqual(Array(3).fill(states[0].run.release));
    expect(tiers[3].proof.removed).toEqual(["-30 governance_object_ownership"]);
    expect(tiers[1].proof).toMatchObject({
      removed: [expect.stringMatching(/^-43 objects$/)],
      accepted: [],
      since: ["approval_requests 211 → 212"],
    });
    expect(await db.value("SELECT to_regnamespace('one_roof_rollout')")).toBeNull();
  });
});
