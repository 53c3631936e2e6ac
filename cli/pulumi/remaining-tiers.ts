// After a run that was to roll tiers back: Pulumi deletes what its state holds. What the state has lost stays in the database, and nobody would say so.
import { askLedger, codeOf, inOrder, isAfter, type LedgerRow } from "../../provider";
import { rollout as listed } from "../../tiers";
import { Failure } from "../failure";
import type { CommandLine } from "./command-line";
import { readStackConfiguration } from "./configuration";

const rollout = inOrder(listed);

/** Options after which tiers are meant to stay. */
const PARTIAL = ["target", "exclude", "preview-only", "exclude-protected"];

/** With its first tier a rollout gives back its right to log in; where that tier is gone, nothing of it is left. */
const LOGIN_ENDED = new Set(["28P01", "28000"]);

/** Throws where the database still carries tiers that this `destroy`, or this `up` with a lower throughTier, was to roll back. */
export async function requireNothingLeft(command: string, line: CommandLine, env: NodeJS.ProcessEnv): Promise<void> {
  if (PARTIAL.some((option) => line.has(option))) return;
  const last = command === "destroy" ? -1 : throughTier(line.configFile);
  if (last === undefined) return;
  if (env.DATABASE_URL) process.env.DATABASE_URL = env.DATABASE_URL;
  const asked = await askLedger(rollout, command).catch((error: unknown) => {
    if (LOGIN_ENDED.has(codeOf(error) ?? "")) return undefined;
    throw error;
  });
  const left = asked?.rows.filter(({ tier }) => isAfter(rollout, tier, last)) ?? [];
  if (asked && left[0]) throw stillThere(asked.database, left, left[0]);
}

/** The last tier that the stack asks for; undefined where it asks for all, or where that cannot be read here. */
function throughTier(configFile: string): number | undefined {
  const value = Number(readStackConfiguration(configFile, ["throughTier"]).throughTier ?? "none");
  return rollout.tiers.slice(0, -1).some(({ tier }) => tier === value) ? value : undefined;
}

function stillThere(database: string, left: readonly LedgerRow[], { rolloutId }: LedgerRow): Failure {
  return new Failure(
    `The database ${database} still carries tiers ${left.map(({ tier }) => tier).join(", ")} of rollout ${rolloutId}, ` +
      `which this stack's state does not hold. They were not rolled back.\nTake them over first: ` +
      `npm run pulumi -- config set adopt ${rolloutId}; npm run pulumi -- config rm throughTier; npm run up. ` +
      `Then roll back again.`,
  );
}
