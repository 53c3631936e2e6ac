import { declaredObjects, within } from "./contract";
import { hashOwnRows } from "./fingerprint";
import { failedGates, gateReadingsFrom } from "./gates";
import type { Release } from "./release";
import type { Stop, TierReport } from "./report";
import type { Readings, TierDeclaration } from "./rollout";
import type { Session } from "./session";
import type { Parameters } from "./settings";
import type { Snapshot } from "./snapshot";

/** The value of the configuration `adopt` that takes over a rollout which was run by psql, without a ledger. */
export const BY_PSQL = "psql";

/**
 * Holds a tier that is there without a ledger to its contract: every declared object exists, its own rows are as many
 * as declared, and its exit gates hold by the readings. How it was at its entry nobody measured.
 */
export async function verifyStanding(
  session: Session,
  { rollout }: Release,
  tier: TierDeclaration,
  parameters: Parameters,
  readings: Readings,
  { objects }: Snapshot,
): Promise<TierReport> {
  const exit = tier.gates.filter(({ at, name }) => at === "exit" && name in readings);
  const measured = gateReadingsFrom(rollout, exit, parameters, readings);
  const own = await hashOwnRows(session, tier.delta, objects);
  const wrongRows = Object.entries(tier.delta.rows).flatMap(([table, { inserted, operational }]) => {
    const rows = own[table]?.rows ?? 0;
    return operational || within(rows, inserted)
      ? []
      : [`${table} holds ${String(rows)} own rows, not what is declared`];
  });
  const texts = [
    ...failedGates(rollout, { ...tier, gates: exit }, parameters, measured),
    ...declaredObjects(tier.delta)
      .filter((key) => !objects.has(key))
      .map((key) => `tier ${String(tier.tier)} ${key} is missing`),
    ...wrongRows.map((text) => `tier ${String(tier.tier)} ${text}`),
  ];
  const stops = texts.map((text): Stop => ({ kind: "adoption", text: `cannot be adopted: ${text}` }));
  const counted = Object.entries(own).map(([table, { rows }]) => [table, rows] as const);
  return {
    tier: tier.tier,
    title: tier.title,
    verdict: stops.length ? "STOP" : "ADOPTED",
    gates: measured,
    delta: {
      objects: countKinds(tier),
      rows: Object.fromEntries(counted.filter(([, rows]) => rows > 0)),
      readings: {},
    },
    stops,
    rollback: "not rehearsed",
  };
}

function countKinds({ delta: { objects } }: TierDeclaration): Record<string, number> {
  return Object.fromEntries(
    Object.entries(objects)
      .map(([kind, names]) => [kind, names.length] as const)
      .sort(),
  );
}
