import type { Context } from "../context";
import { changedObjects, countKinds, declaredObjects, NO_DELTA, within } from "../model/delta";
import { type Finding, stopsOf } from "../model/findings";
import { bindGates, failedGates, measureGates } from "../model/gates";
import { DESTROY } from "../model/command";
import { RolloutError } from "../model/errors";
import type { TierReport } from "../model/report";
import type { TierDeclaration } from "../model/rollout";
import { takeSnapshot } from "../postgres/catalog-snapshot";
import { isAccepted } from "../ledger/acceptance";
import { findDrift } from "../ledger/drift";
import { hashOwnRows } from "../ledger/fingerprint";
import type { LedgerRow } from "../ledger/ledger";
import { findUnfounded } from "../ledger/presence";
import { heldTo } from "../ledger/record";
import type { TierScripts } from "../release/release";
import type { DatabaseState } from "./database-state";

/**
 * Holds a tier that the ledger knows to what is recorded there, to take it over instead of applying it: after a crash
 * between COMMIT and Pulumi's write of its state, or after a lost state. Digest and what is live must be the same.
 * Throws a RolloutError that says what differs.
 */
export async function verifyRecorded(
  { session, release }: Context,
  { declaration, digest }: TierScripts,
  ledger: ReadonlyMap<number, LedgerRow>,
  recorded: LedgerRow,
): Promise<void> {
  const snapshot = await takeSnapshot(session, release.rollout.ledgerSchema);
  const held = heldTo(declaration, recorded, ledger);
  const drift = await findDrift(session, held.declaration, held.recorded, snapshot);
  const differences = [
    ...(recorded.digest === digest
      ? []
      : [`it was applied from digest ${recorded.digest}, the files are now ${digest}`]),
    ...(isAccepted(declaration.tier, drift) ? [] : drift),
    ...(await findUnfounded(session, declaration, recorded, snapshot)),
  ];
  if (!differences.length) return;
  throw new RolloutError(
    `Tier ${declaration.tier} (${declaration.title}) is in the ledger, but it cannot be adopted, because it is not the same:\n` +
      differences.map((difference) => `  - ${difference}`).join("\n") +
      `\nNothing was changed. Restore the release that was applied, or roll back with ${DESTROY}.`,
  );
}

/** The first tier's report as it was when the rollout began, from the readings kept with the first ledger row. */
export function recordedEntry(
  { release, parameters }: Context,
  declaration: TierDeclaration,
  { readings }: LedgerRow,
): TierReport {
  const { tier, title } = declaration;
  const gates = measureGates(bindGates(release.rollout, declaration, parameters), readings);
  return { tier, title, verdict: "PASS", gates, delta: NO_DELTA, stops: [], rollback: "nothing to roll back" };
}

/**
 * Holds a tier that is there without a ledger, run by psql, to its contract: every declared object exists, its own
 * rows are as many as declared, and its exit gates hold by the readings. How it was at its entry nobody measured.
 */
export async function verifyUnrecorded(
  { session, release, parameters }: Context,
  declaration: TierDeclaration,
  { snapshot: { objects }, readings }: DatabaseState,
): Promise<TierReport> {
  const { tier, title, delta } = declaration;
  const exit = bindGates(release.rollout, declaration, parameters).filter(
    ({ at, name }) => at === "exit" && name in readings,
  );
  const gates = measureGates(exit, readings);
  const own = await hashOwnRows(session, delta, objects);
  const rowsOf = (table: string) => own[table]?.rows ?? 0;
  const findings: Finding[] = [
    ...failedGates(exit, gates).map((result): Finding => ({ is: "failed gate", ...result })),
    ...declaredObjects(delta)
      .filter((object) => !objects.has(object))
      .map((object): Finding => ({ is: "object not there", object })),
    ...changedObjects(delta).map((object): Finding => ({ is: "change not recorded", object })),
    ...Object.entries(delta.rows)
      .filter(([table, { inserted, operational }]) => !operational && !within(rowsOf(table), inserted))
      .map(([table]): Finding => ({ is: "own rows", table, measured: rowsOf(table) })),
  ];
  const counted = Object.entries(own).map(([table, { rows }]) => [table, rows] as const);
  return {
    tier,
    title,
    verdict: findings.length ? "STOP" : "ADOPTED",
    gates,
    delta: {
      objects: countKinds(declaredObjects(delta)),
      rows: Object.fromEntries(counted.filter(([, rows]) => rows > 0)),
      readings: {},
    },
    stops: stopsOf("adoption", tier, findings),
    rollback: "not rehearsed",
  };
}
