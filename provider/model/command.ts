/** How the operator starts Pulumi here: the commands of this project say `npm run pulumi --`. */
export const PULUMI = process.env.ROLLOUT_CLI || "pulumi";
