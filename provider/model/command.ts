/** How the operator starts Pulumi here: the commands of this project say `npm run pulumi --`. */
export const PULUMI = process.env.ROLLOUT_CLI || "pulumi";

/** The same for what this project has commands of its own for: they ask before they change anything, and look at what is left. */
const own = (operation: string) => (PULUMI === "npm run pulumi --" ? `npm run ${operation}` : `${PULUMI} ${operation}`);

export const UP = own("up");
export const PREVIEW = own("preview");
export const DESTROY = own("destroy");

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

/** Whether the operator wants all that a run measures of itself (`-- --profile`), and not only what he acts on. */
export function wantsProfile(): boolean {
  return process.env.ROLLOUT_PROFILE === "true";
}
