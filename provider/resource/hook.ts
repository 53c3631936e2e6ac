import path from "node:path";
import type { Context } from "../context";
import { SECOND_RELEASE } from "../model/command";
import { RolloutError } from "../model/errors";
import { diagnostic } from "../model/fold";
import { requireSameTarget } from "../model/guards";
import type { Rollout } from "../model/rollout";
import type { TierInputs } from "../model/tier-inputs";
import type { Log } from "../postgres/guard";
import { failureOf } from "../postgres/failed";
import { connect } from "../postgres/session";
import { sessionSettings } from "../postgres/session-settings";
import { INTERRUPTED, isDatabaseError, isInterrupted, serverMessage } from "../postgres/sqlstate";
import { loadRelease, type Needed, scriptsOf, type TierScripts } from "../release/release";
import { runOptions } from "./run-options";

/** Everything that a hook works with. */
export interface HookContext extends Context {
  readonly scripts: TierScripts;
}

/** Says a line at once; Pulumi shows what a hook prints under its resource. */
const say: Log = (line) => {
  console.log(diagnostic(line, "info"));
};

/**
 * Opens a session on the target, checks that it is the one of `inputs`, and runs a hook's work on it. Only the files
 * of the tiers that the hook needs are read: its own, unless it says otherwise.
 */
export async function withTarget<T>(
  inputs: TierInputs,
  work: (context: HookContext) => Promise<T>,
  needed: Needed = (tier) => tier === inputs.tier,
): Promise<T> {
  const root = process.cwd();
  const { parameters } = inputs;
  const rollout = loadRollout(root, inputs.module);
  requireTier(rollout, inputs);
  const options = runOptions();
  const release = await loadRelease({ root, rollout, parameters }, needed);
  const session = await connect({
    application: `${rollout.name} rollout`,
    settings: sessionSettings(rollout, parameters, options),
    statementTimeout: options.statementTimeout,
    roles: rollout.roles,
  });
  try {
    requireSameTarget(inputs.target, session.target);
    return await work({ session, release, parameters, options, log: say, scripts: scriptsOf(release, inputs.tier) });
  } catch (error) {
    if (isInterrupted(error)) throw interrupted(inputs, error);
    throw isDatabaseError(error) ? failed(inputs, serverMessage(error), error) : error;
  } finally {
    await session.close();
  }
}

/** The rollout that a module of this project exports. Throws when there is none. */
function loadRollout(root: string, module: string): Rollout {
  // The state names it, and whoever can write the state could name a file of his own.
  if (!/^\w[\w-]*$/.test(module))
    throw new RolloutError("The state names no module of this project. Nothing was changed.");
  // Loaded at call time: whatever a hook would capture is frozen into the state.
  const { rollout } = require(path.resolve(root, module)) as { rollout?: Rollout };
  if (!rollout) throw new RolloutError(`Module ${module} exports no rollout.`);
  return rollout;
}

/** A state that a later release has left is not for the files of an earlier one. */
function requireTier({ tiers }: Rollout, { tier, title }: TierInputs): void {
  if (tiers.some((each) => each.tier === tier)) return;
  throw new RolloutError(
    `Tier ${tier} (${title}) is in this stack's state, but the files here have no such tier: a later release brought it. ` +
      `Nothing was changed. Check out that release (${SECOND_RELEASE}).`,
  );
}

/** What the operator wants to know first, with the name of the tier that it was at. */
function interrupted({ tier, title }: TierInputs, cause: unknown): RolloutError {
  return new RolloutError(
    `Tier ${tier} (${title}) was interrupted: nothing of what was under way stays.`,
    INTERRUPTED,
    {
      cause,
    },
  );
}

/** What the server refused outside of the tier's own SQL file: a right that the ledger needs, for one. */
function failed(
  { tier, title }: TierInputs,
  said: string,
  cause: { readonly code?: string | undefined },
): RolloutError {
  return new RolloutError(
    `Tier ${tier} (${title}) failed, nothing was changed: ${said}. Put it right and run the same command again.`,
    cause.code,
    { cause, failed: failureOf(cause) },
  );
}
