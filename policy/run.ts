import type { ResourceValidationPolicy } from "@pulumi/policy";
import {
  describeStop,
  isFirstTier,
  isPreview,
  PREVIEW,
  PULUMI,
  type Rollout,
  shortDigest,
  type Stop,
  type StopKind,
  type TierInputs,
  tierOf,
  writes,
} from "../provider";
import { tierPolicy } from "./tier";

/** What others say one by one; that a tier was not rehearsed is said once for all of them. */
function violations(stops: readonly Stop[]): number {
  return stops.filter(({ kind }) => kind !== "rehearsal").length;
}

/** Rules on how the gates may be used: contract, invariants, way back, rehearsal, release, replacement. */
export function runPolicies(rollout: Rollout): ResourceValidationPolicy[] {
  const onRun = (judge: (inputs: TierInputs) => readonly string[]) => (inputs: TierInputs) =>
    isFirstTier(rollout, inputs.tier) ? judge(inputs) : [];
  const stopsOf = (kind: StopKind) =>
    onRun(({ run }) => run.stops.filter((stop) => stop.kind === kind).map((stop) => `${describeStop(stop)}.`));
  return [
    tierPolicy(
      "delta_contract",
      "Each tier changes exactly what it declares: objects, rows and readings, nothing else.",
      stopsOf("delta"),
    ),
    tierPolicy(
      "invariants",
      "What is out of scope is identical at entry and exit of every tier.",
      stopsOf("invariant"),
    ),
    tierPolicy(
      "adoption",
      "A rollout that was run without a ledger is taken over only if it holds to its contract.",
      stopsOf("adoption"),
    ),
    tierPolicy(
      "drift",
      "What earlier tiers wrote is still as they wrote it, or its change is accepted by its hash.",
      stopsOf("drift"),
    ),
    tierPolicy(
      "access",
      "An approval of this release is in force, and nobody may do more than is declared.",
      stopsOf("access"),
    ),
    tierPolicy("tier_sql", "Every tier's SQL runs to its end on the target.", stopsOf("failure")),
    tierPolicy(
      "rollback_rehearsed",
      "Each tier that writes was rolled back in the rehearsal, and left what it found.",
      onRun((inputs) => [...stopsOf("rollback")(inputs), ...wayBackMissing(rollout, inputs)]),
    ),
    tierPolicy(
      "run_verdict",
      "The rehearsal of the run passed as a whole; whatever stopped it, nothing is applied.",
      onRun(({ run }) =>
        run.verdict === "STOP" ? [`Stopped: see the other violations (${violations(run.stops)} in all).`] : [],
      ),
    ),
    tierPolicy(
      "rehearsed",
      "The run was rehearsed on the target as a whole, or its release is accepted unrehearsed.",
      onRun(unrehearsedUpdate),
    ),
    tierPolicy(
      "not_rehearsed",
      "A preview that was not rehearsed shows readings, and says nothing about what would happen.",
      onRun(unrehearsedPreview),
      "advisory",
    ),
    tierPolicy("release_pinned", "What is rolled out is the release that was ratified.", onRun(otherRelease)),
    tierPolicy(
      "no_replacement",
      "A tier is never replaced: its rollback would undo what its second application adopted.",
      // A finished stack that is analyzed tells no options; a run does.
      (_inputs, { opts }) =>
        opts.deleteBeforeReplace || process.env.PULUMI_NODEJS_STACK === undefined
          ? []
          : ["The tier may be replaced: set the option deleteBeforeReplace."],
    ),
  ];
}

/** A passed run must have rehearsed the way back of every tier that it applies; the report of each says so. */
function wayBackMissing(rollout: Rollout, { run }: TierInputs): string[] {
  if (run.verdict !== "PASS") return [];
  return run.applies
    .filter((tier) => writes(tierOf(rollout, tier)) && !run.reversible.includes(tier))
    .map((tier) => `The rollback of tier ${tier} was not rehearsed. Run ${PREVIEW} with rehearsal.`);
}

/** A preview without rehearsal is allowed, but must not look like one with. */
function unrehearsedPreview({ run }: TierInputs): string[] {
  return isPreview() && run.verdict === "NOT REHEARSED"
    ? [`NOT REHEARSED: tiers ${run.applies.join(", ")} were not run. Only readings were taken.`]
    : [];
}

/** An update without rehearsal is refused, unless its release is accepted so. */
function unrehearsedUpdate({ run }: TierInputs): string[] {
  if (isPreview()) return [];
  const accepted = run.acceptedUnrehearsed !== "" && run.acceptedUnrehearsed === run.release;
  if (run.verdict === "PASS" || run.verdict === "STOP" || accepted) return [];
  return [
    `The run was not rehearsed (tiers ${run.applies.join(", ")}). ` +
      `Rehearse it with a login that may write, or accept this release unrehearsed:\n` +
      `${PULUMI} config set acceptUnrehearsed ${run.release}`,
  ];
}

function otherRelease({ run }: TierInputs): string[] {
  if (!run.pinned || run.pinned === run.release) return [];
  const files = run.differing.length ? ` Files that differ: ${run.differing.join(", ")}.` : "";
  return [
    `The ratified release is ${shortDigest(run.pinned)}, the files here are ${shortDigest(run.release)}.${files} ` +
      `Check out the ratified one, or have this one ratified and pin it:\n${PULUMI} config set release ${run.release}`,
  ];
}
