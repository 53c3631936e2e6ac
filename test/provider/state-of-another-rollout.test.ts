import { randomUUID } from "node:crypto";
import type { TierState } from "../../provider/model/tier-inputs";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, RATIFIED, type TestDatabase } from "../support/database/database";
import { UNHURRIED } from "../support/pulumi/program";
import { temporaryFolder } from "../support/folder";
import { type Command, run } from "../support/states/engine";
import { LEDGER, RECHAIN } from "../support/faults/rewrite";

/*
 * The state knows tiers of one rollout, and the ledger holds them for another: a stack of its own was restored, or the wrong one
 * is selected. Nothing is forgotten of it, unless this run may take the other one over.
 */

let db: TestDatabase;
let evidence: string;
let rolloutId: string;
/** What a stack holds that has rolled the same tiers out elsewhere. */
let foreign: readonly TierState[];

const command = (name: Command, state: readonly TierState[], more = {}) =>
  run(name, state, {
    url: db.url,
    values: { database: db.name, ratifiedApr: RATIFIED, evidence, holdBudget: UNHURRIED, ...more },
  });

beforeAll(async () => {
  db = await database("signed");
  evidence = temporaryFolder();
  const { state, refusal } = await command("up", [], { throughTier: "4" });
  expect(refusal).toBeUndefined();
  rolloutId = state[0].rolloutId;
  const other = randomUUID();
  foreign = state.map((each) => ({
    ...each,
    rolloutId: other,
    ...(each.ledgerHash && { ledgerHash: "0".repeat(64) }),
  }));
}, 60_000);

test("refresh is refused and the state keeps every tier, also where the ledger does not hold the later ones", async () => {
  const before = await catalogAndRows(db.url);
  const { state, refusal } = await command("refresh", foreign);
  expect(refusal?.message).toMatch(
    new RegExp(
      `^Tier 1 \\(Structure\\): the database already carries rollout ${rolloutId} \\(tiers 1, applied on .*but this stack's state belongs to rollout ${foreign[0].rolloutId}\\. Nothing was changed\\..*config set adopt ${rolloutId}$`,
    ),
  );
  expect(state).toEqual(foreign);

  await db.query(
    `BEGIN; CREATE TABLE public.kept AS SELECT * FROM ${LEDGER}; DELETE FROM ${LEDGER} WHERE tier > 3; ${RECHAIN}; COMMIT`,
  );
  try {
    expect((await command("refresh", foreign)).state).toEqual(foreign);
  } finally {
    await db.query(
      `BEGIN; DELETE FROM ${LEDGER}; INSERT INTO ${LEDGER} SELECT * FROM public.kept; DROP TABLE public.kept; COMMIT`,
    );
  }
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
});

test("named for adoption, refresh lets it be, and up takes it over", async () => {
  const before = await catalogAndRows(db.url);
  const refreshed = await command("refresh", foreign, { adopt: rolloutId });
  expect(refreshed).toEqual({ state: foreign });
  const { state, refusal } = await command("up", refreshed.state, { adopt: rolloutId, throughTier: "4" });
  expect(refusal).toBeUndefined();
  expect(new Set(state.map((each) => each.rolloutId))).toEqual(new Set([rolloutId]));
  expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  expect((await command("refresh", state)).refusal).toBeUndefined();
});
