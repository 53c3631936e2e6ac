import { PULUMI } from "./command";
import path from "node:path";
import type { DatabaseError } from "pg";
import { isDatabaseError, RolloutError } from "./errors";
import type { TierInputs } from "./inputs";
import { loadRelease, type Release, scriptsOf, type TierScripts } from "./release";
import type { Rollout } from "./rollout";
import { connect, type Session, type Target } from "./session";
import { configuredOptions, type RunOptions, sessionSettings } from "./settings";
import type { Log } from "./transaction";

/** Everything that a hook works with. */
export interface HookContext {
  readonly rollout: Rollout;
  readonly release: Release;
  readonly scripts: TierScripts;
  readonly session: Session;
  readonly options: RunOptions;
  readonly log: Log;
}

/** The rollout that a module of this project exports. Throws when there is none. */
export function loadRollout(root: string, module: string): Rollout {
  // Loaded at call time: whatever a hook would capture is frozen into the state.
  const { rollout } = require(path.resolve(root, module)) as { rollout?: Rollout };
  if (!rollout) throw new RolloutError(`Module ${module} exports no rollout.`);
  return rollout;
}

/** Says a line at once; Pulumi shows what a hook prints under its resource. */
const say: Log = (line) => {
  console.log(line);
};

/**
 * Opens a session on the target, checks that it is the one of `inputs`, and runs a hook's work on it. Only the files
 * of the tiers that the hook needs are read: its own, unless it says otherwise.
 */
export async function withTarget<T>(
  inputs: TierInputs,
  work: (context: HookContext) => Promise<T>,
  needed: (tier: number) => (other: number) => boolean = (tier) => (other) => other === tier,
): Promise<T> {
  const root = process.cwd();
  const rollout = loadRollout(root, inputs.module);
  const options = configuredOptions();
  const release = await loadRelease(root, rollout, inputs.parameters, needed(inputs.tier));
  const session = await connect(
    sessionSettings(rollout, inputs.parameters, options),
    `${rollout.name} rollout`,
    options.statementTimeout,
  );
  try {
    requireTarget(inputs.target, session.target);
    const scripts = scriptsOf(release, inputs.tier);
    return await work({ rollout, release, scripts, session, options, log: say });
  } catch (error) {
    throw isDatabaseError(error) ? failedTier(inputs, error) : error;
  } finally {
    await session.close();
  }
}

/** What the server refused outside of the tier's own SQL file: a right that the ledger needs, for one. */
function failedTier({ tier, title }: TierInputs, error: DatabaseError): RolloutError {
  const detail = [error.detail, error.hint]
    .filter(Boolean)
    .map((text) => ` ${String(text)}`)
    .join("");
  return new RolloutError(
    `Tier ${String(tier)} (${title}) failed, nothing was changed: ${error.message}.${detail} ` +
      `Put it right and run the same command again.`,
    error.code,
    { cause: error },
  );
}

/** Refuses a database other than the one that the state or the rehearsal belongs to. */
export function requireTarget(expected: Target, found: Target): void {
  if (expected.database === found.database && expected.system === found.system) return;
  throw new RolloutError(
    `This stack's state was made on database "${expected.database}" of cluster ${expected.system}, but you are connected ` +
      `to "${found.database}" of cluster ${found.system}. Nothing was changed. Connect to the former (DATABASE_URL or PG*), ` +
      `select the stack of the latter, or accept a move with: ${PULUMI} config set movedFrom ${expected.system}`,
  );
}
