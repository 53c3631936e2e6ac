/**
 * The one module that the provider text in a stack's state loads, once loader.js beside it can load TypeScript, for ever:
 * this path and these names are a public interface. A stack that was applied years ago is rolled back through them. Do not rename, move or remove any; what
 * they lead to may change.
 *
 *   configure  resource/run-options.ts  keeps the options of the stack's configuration
 *   check      resource/check.ts   pure: other target, edited tier, unknown rollout
 *   diff       resource/diff.ts    pure: in the state but not in the ledger
 *   create     resource/create.ts  one transaction: gates, SQL, delta contract, ledger, COMMIT
 *   update     resource/create.ts  the same, for a tier that the database lost
 *   read       resource/read.ts    gone, or drifted
 *   delete     resource/delete.ts  one transaction: rollback, proof, COMMIT
 *
 * Each verb loads its module when it is called: a preview, which only checks and compares, waits for no other.
 */
import type { TierInputs, TierState } from "./model/tier-inputs";

export const configure = (get: (key: string) => string | undefined) =>
  (require("./resource/run-options") as typeof import("./resource/run-options")).configure(get);

export const check = (olds: Partial<TierInputs>, news: TierInputs) => {
  const checked = (require("./resource/check") as typeof import("./resource/check")).check(olds, news);
  if (checked.failures.length) outcome().noteFailure("refused");
  return checked;
};

export const diff = (id: string, olds: TierState, news: TierInputs) =>
  outcome().hooked(() => (require("./resource/diff") as typeof import("./resource/diff")).diff(id, olds, news));

export const create = (inputs: TierInputs) => outcome().hooked(() => creation().create(inputs));

export const update = (id: string, olds: TierState, news: TierInputs) =>
  outcome().hooked(() => creation().update(id, olds, news));

export const read = (id: string, state: TierState) =>
  outcome().hooked(() => (require("./resource/read") as typeof import("./resource/read")).read(id, state));

const deleteTier = (_id: string, state: TierState) =>
  outcome().hooked(() => (require("./resource/delete") as typeof import("./resource/delete")).deleteTier(state));

export { deleteTier as delete };

/** The command that has started the run is told, as data, what a verb refuses. */
const outcome = () => require("./resource/outcome") as typeof import("./resource/outcome");

const creation = () => require("./resource/create") as typeof import("./resource/create");
