/** How the operator starts Pulumi here: the commands of this project say `npm run pulumi --`. */
export const PULUMI = process.env.ROLLOUT_CLI || "pulumi";

/** The same for what this project has commands of its own for: they ask before they change anything, and look at what is left. */
const own = (operation: string) => (PULUMI === "npm run pulumi --" ? `npm run ${operation}` : `${PULUMI} ${operation}`);

export const UP = own("up");
export const PREVIEW = own("preview");
export const DESTROY = own("destroy");
