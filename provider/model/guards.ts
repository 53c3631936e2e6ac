/** What must be true of target, rollout and ledger before anything is done. Each rule stands here once. */
import { PREVIEW, PULUMI, rollBackTo, SECOND_RELEASE } from "./command";
import { changedObjects, declaredObjects } from "./delta";
import { describeOrigin, describeTiers } from "./describe-ledger";
import { RolloutError } from "./errors";
import { isAfter, type Rollout, tierBefore, writes } from "./rollout";
import type { Target } from "./tier-inputs";

/**
 * Refuses a database other than the one that the state was made on. A cluster from which a move was accepted counts
 * as the same one; another database name never does.
 */
export function requireSameTarget(made: Target, connected: Target, movedFrom?: string): void {
  const sameCluster = made.system === connected.system || made.system === movedFrom;
  if (made.database === connected.database && sameCluster) return;
  throw new RolloutError(
    `Wrong target: this stack's state was made on database "${made.database}" of cluster ${made.system}, but you are ` +
      `connected to "${connected.database}" of cluster ${connected.system}. Nothing was changed. Connect to the former ` +
      `(DATABASE_URL or PG*), select the stack of the latter, or, if the database was moved, accept it with: ` +
      `${PULUMI} config set movedFrom ${made.system}`,
  );
}

/** To which rollout a tier belongs as its state, or this run, has it; empty while the state does not know the tier. */
export interface Belonging {
  readonly tier: number;
  readonly title: string;
  readonly rolloutId?: string | undefined;
  /** The rollout that may be taken over. */
  readonly adopt?: string | undefined;
}

/** What the ledger says of a tier that is applied. */
export interface AppliedTier {
  readonly tier: number;
  readonly rolloutId: string;
  readonly appliedAt?: string;
  readonly appliedBy?: string;
  /** The release that brought it, where that was kept. */
  readonly release?: string | null;
}

/** Refuses a database that carries tiers of another rollout than the state's, unless that one may be taken over. */
export function requireSameRollout(own: Belonging, applied: Iterable<AppliedTier>): void {
  const others = [...applied].filter(({ rolloutId }) => rolloutId !== own.rolloutId && rolloutId !== own.adopt);
  const [other] = others;
  if (!other) return;
  const { rolloutId, appliedAt } = other;
  const when = appliedAt ? `, ${describeOrigin(other)}` : "";
  const state = own.rolloutId
    ? `this stack's state belongs to rollout ${own.rolloutId}`
    : "this stack's state does not know it";
  throw new RolloutError(
    `Tier ${own.tier} (${own.title}): the database already carries rollout ${rolloutId} ` +
      `(tiers ${others.map(({ tier }) => tier).join(", ")}${when}), but ${state}. Nothing was changed. Use the stack ` +
      `that applied it, or, if its state was lost, take the rollout over with: ${PULUMI} config set adopt ${rolloutId}`,
  );
}

/**
 * Refuses a ledger in which a tier is missing before an applied one, and, where `next` is given, one that does not
 * end right before it.
 */
export function requireUnbroken(rollout: Rollout, ledger: ReadonlyMap<number, unknown>, next?: number): void {
  const writing = rollout.tiers.filter(writes).map(({ tier }) => tier);
  const missing = writing.find((tier) => !ledger.has(tier));
  if (missing === undefined) return;
  const beyond = writing.filter((tier) => ledger.has(tier) && isAfter(rollout, tier, missing));
  if (beyond.length) {
    throw new RolloutError(
      `The ledger is broken: tier ${missing} is missing, but ${beyond.join(", ")} are applied. Nothing was changed. ` +
        `Roll the later tiers back first (${rollBackTo(tierBefore(rollout, missing))}), then roll out again. A release ` +
        `lists the tiers that it brings after those that are applied (${SECOND_RELEASE}).`,
    );
  }
  if (next === undefined || !isAfter(rollout, next, missing)) return;
  throw new RolloutError(
    `Tier ${next} is not applied: tier ${missing} must be applied first, and the ledger does not hold it. Nothing was ` +
      `changed. Run ${PREVIEW} to see where the rollout stands.`,
  );
}

/** Refuses a ledger with a tier that the files at hand do not have: another release brought it, and rolls it back. */
export function requireKnownTiers({ tiers }: Rollout, applied: Iterable<AppliedTier>): void {
  const unknown = [...applied].filter(({ tier }) => !tiers.some((each) => each.tier === tier));
  const [first] = unknown;
  if (!first) return;
  throw new RolloutError(
    `The ledger holds ${describeTiers(unknown.map(({ tier }) => tier))}, ` +
      `${describeOrigin(first)}, which the files here do not have: a later release brought it. ` +
      `Nothing was changed. Check out that release; it goes on from here, and rolls back all that is applied (${SECOND_RELEASE}).`,
  );
}

/** Refuses a tier that declares to change what no tier before it makes: what others own is not changed. */
export function requireOwnChanges(rollout: Rollout): void {
  for (const { tier, title, delta } of rollout.tiers) {
    const before = rollout.tiers.filter((each) => isAfter(rollout, tier, each.tier));
    const made = new Set(before.flatMap((each) => declaredObjects(each.delta)));
    const foreign = changedObjects(delta).filter((object) => !made.has(object));
    if (!foreign.length) continue;
    throw new RolloutError(
      `Tier ${tier} (${title}) declares to change ${foreign.join(", ")}, which no tier before it makes. Nothing was changed. ` +
        `Correct delta.changes of the tier: it names objects of earlier tiers.`,
    );
  }
}

/** The one stack that may go without a ratified release and without roles: a developer's own. */
const DEVELOPERS_STACK = "dev";

/** Whether a stack that says nothing about it demands the rollout's roles of its database. */
export function accessDemanded(stack: string): "required" | "optional" {
  return stack === DEVELOPERS_STACK ? "optional" : "required";
}

/** Whether a stack may go without a pinned release. */
export function mayGoUnpinned(stack: string): boolean {
  return stack === DEVELOPERS_STACK;
}

/** Refuses a stack that does not pin the release which was ratified for it. */
export function requirePinned(stack: string, pinned: string): void {
  if (pinned || mayGoUnpinned(stack)) return;
  throw new RolloutError(
    `Stack ${stack} pins no release, so nothing says which files were ratified; only the stack ${DEVELOPERS_STACK} may go ` +
      `without. Nothing was changed. Have the release that \`npm run manifest\` prints ratified, then: ` +
      `${PULUMI} config set release DIGEST`,
    undefined,
    { failed: "configuration" },
  );
}
