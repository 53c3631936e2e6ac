// The roles of a production database on the embedded one, so that a rollout here runs with no more rights than there.
import { releaseDigest } from "../../provider";
import { roles } from "../../tiers/roles";
import { projectFolder } from "../project";
import { type Cluster, withClient } from "./cluster";

/** Whom a command connects as: who rolls out, who only looks, or who gives the roles their rights. */
export type Connecting = "login" | "monitor" | "administrator";

export interface Login {
  user: string;
  password: string;
}

export function loginOf({ password, rolePassword }: Cluster, as: Connecting): Login {
  const isSuperuser = as === "administrator" || rolePassword === undefined;
  return isSuperuser ? { user: "postgres", password } : { user: roles[as], password: rolePassword };
}

/** Makes the roles, or brings those that are there to what is declared, in a freshly loaded database. */
export async function installRoles(cluster: Cluster, database: string): Promise<void> {
  // Loaded with the baseline: the declaration parses all SQL.
  const { declareAccess } = require("../../access/declaration") as typeof import("../../access/declaration");
  const { installSql } = require("../../access/sql") as typeof import("../../access/sql");
  const declaration = declareAccess();
  await withClient(cluster, database, async (client) => {
    await client.query(installSql(declaration));
    for (const as of ["login", "monitor"] as const) {
      const { user, password } = loginOf(cluster, as);
      await client.query(`ALTER ROLE ${user} PASSWORD ${client.escapeLiteral(password)}`);
    }
  });
}

/**
 * Plays the approver before a command that may write: allows the release that is here under the request that the stack names.
 * What is in force for them already is left as it is; anything else is withdrawn first.
 */
export async function playApprover(cluster: Cluster, database: string, request: string): Promise<void> {
  const { access } = roles;
  const release = await releaseDigest(projectFolder);
  await withClient(cluster, database, async (client) => {
    const { rowCount } = await client.query(
      `SELECT FROM ${access}.approval
       WHERE withdrawn_at IS NULL AND valid_until > clock_timestamp() + interval '10 minutes' AND release = $1 AND request = $2`,
      [release, request],
    );
    if (rowCount) return;
    await client.query(`SELECT ${access}.withdraw()`);
    await client.query(`SELECT ${access}.approve($1, $2, interval '2 hours')`, [release, request]);
  });
}
