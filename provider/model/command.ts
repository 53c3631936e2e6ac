/** How the operator starts Pulumi here: the commands of this project say `npm run pulumi --`. */
export const PULUMI = process.env.ROLLOUT_CLI || "pulumi";

const HAS_OWN = PULUMI === "npm run pulumi --";

/** The same for what this project has commands of its own for: they ask before they change anything, and look at what is left. */
const own = (operation: string) => (HAS_OWN ? `npm run ${operation}` : `${PULUMI} ${operation}`);

export const UP = own("up");
export const PREVIEW = own("preview");
export const DESTROY = own("destroy");

/** What an approver types; where there is no such command, the function that it calls. */
export function approveCommand(schema: string): string {
  return HAS_OWN
    ? "npm run access -- approve --release DIGEST --request CODE --for 2h"
    : `SELECT ${schema}.approve('DIGEST', 'CODE', '2 hours')`;
}

/** The commands that take back whatever comes after a tier; after none, all there is. */
export function rollBackTo(tier: number | undefined): string {
  return tier === undefined ? DESTROY : `${PULUMI} config set throughTier ${tier}; ${UP}`;
}

/** The page that tells how to go on from a rollout that is applied. */
export const SECOND_RELEASE = "docs/second-release.md";

/** Whether the program, or the pack, runs for a preview. Where the engine does not say which it is, it is an update. */
export function isPreview(): boolean {
  return process.env.PULUMI_NODEJS_DRY_RUN === "true";
}

/** Whether nothing follows this preview: that of `up` and `destroy` is to refuse what they refuse, before anybody waits for a lock. */
export function onlyLooks(): boolean {
  return isPreview() && process.env.ROLLOUT_CHANGES !== "true";
}

/**
 * Whether the command has just shown the operator a rehearsal of this very run, and sums up itself what comes of it. Then only what is
 * news is said.
 */
export function wasPreviewed(): boolean {
  return process.env.ROLLOUT_PREVIEWED === "true";
}

/** Whether the operator wants all that a run measures of itself (`-- --profile`), and not only what he acts on. */
export function wantsProfile(): boolean {
  return process.env.ROLLOUT_PROFILE === "true";
}
