// What to run next, from where a rollout stands.
import { isAfter, mayGoBack, type Rollout, type Status } from "../../provider";
import type { Surroundings } from "./facts";

const RUNBOOK = "docs/runbook.md";

/** What to run next, one step a line. */
export function whatNext(status: Status, asked: Pick<Surroundings, "rollout" | "throughTier">): string[] {
  const { verdict, blockers, standing, tiers, atWork } = status;
  if (atWork !== undefined) return ["wait until whoever is at work has ended, then npm run status"];
  if (standing.contradiction !== undefined) return [`${RUNBOOK}: The ledger was rewritten; npm run gate -- --json`];
  const drifted = blockers.some(({ gate }) => gate === "drift");
  const [lowest] = [...standing.drift].find(([, differences]) => differences.length) ?? [];
  if (drifted) return [`npm run status -- --tier ${lowest ?? 0}; ${RUNBOOK}: Drift has the two ways out`];
  if (tiers.length && !standing.ledger.size) return byPsql(status, asked.rollout);
  if (verdict === "BLOCKED")
    return ["put right what refuses (npm run gate -- --json has each remedy), then npm run status"];
  if (!tiers.length) return ["npm run preview, then npm run up"];
  return goOn(status, asked);
}

/** A rollout by psql: psql goes on with a part of it, Pulumi takes over the whole. */
function byPsql({ next }: Status, rollout: Rollout): string[] {
  const back = "take it back: psql -f sql/prod_rollback/per_tier_rollback.sql";
  const declaration = rollout.tiers.find(({ tier }) => tier === next);
  if (declaration) return [`go on: psql -v ON_ERROR_STOP=1 -f ${declaration.apply}`, back];
  return ["npm run verify; hand it to Pulumi: npm run pulumi -- config set adopt psql; npm run up", back];
}

function goOn(
  { tiers, next, back }: Status,
  { rollout, throughTier }: Pick<Surroundings, "rollout" | "throughTier">,
): string[] {
  const down = back.every(mayGoBack) ? "take it back: npm run destroy" : "destroy would be refused, see Back";
  const last = tiers.at(-1) ?? 0;
  if (isAfter(rollout, last, throughTier)) {
    return [`npm run up rolls back what is above tier ${throughTier}, as throughTier says; ${down}`];
  }
  if (next === undefined) return [`npm run verify; ${down}`];
  if (!isAfter(rollout, next, throughTier)) return [`npm run up goes on with tier ${next}; ${down}`];
  const end = rollout.tiers.at(-1)?.tier ?? next;
  return [
    `it stands as throughTier ${throughTier} says; ${down}`,
    `go on: npm run pulumi -- config set throughTier ${end}; npm run up`,
  ];
}
