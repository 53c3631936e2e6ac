import type { Rollout } from "../model/rollout";
import { type Blocker, DESCRIPTION, describeBlockers } from "./blockers";
import type { Session } from "./session";

/*
 * Anyone who may connect may take an advisory lock, and PostgreSQL has no other that fits: a lock on a table ends with
 * its transaction while a rollout has several, there is no table of ours before the first tier, and the executor, who only
 * inserts into the ledger, could take none that excludes another executor. So the lock stays what it is, nothing is held
 * while we wait for it, and the refusal says whether the holder can be a rollout at all, and who ends it with what.
 */

/** A session that holds the rollout's lock. */
export interface LockHolder extends Blocker {
  /** Whether its role may write the rollout's ledger or become one that may. A session can call itself as it likes. */
  readonly mayRollOut: boolean;
  readonly superuser: boolean;
}

/** Who holds the rollout's advisory lock. */
export async function lockHolders(session: Session, { lock, roles, ledgerSchema }: Rollout): Promise<LockHolder[]> {
  const writers = roles ? [roles.owner, roles.executor] : [];
  return session.query<LockHolder>(
    `SELECT ${DESCRIPTION}, coalesce(r.rolsuper, false) AS superuser,
       coalesce(r.rolsuper OR r.rolname = $4
         OR EXISTS (SELECT FROM pg_roles w WHERE w.rolname = ANY ($5) AND pg_has_role(r.oid, w.oid, 'MEMBER'))
         OR CASE WHEN to_regnamespace(quote_ident($3)) IS NULL THEN has_database_privilege(r.oid, a.datid, 'CREATE')
              ELSE has_schema_privilege(r.oid, to_regnamespace(quote_ident($3)), 'USAGE') END, false) AS "mayRollOut"
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN pg_roles r ON r.oid = a.usesysid
     WHERE l.locktype = 'advisory' AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2 AND l.granted
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid()
     ORDER BY a.backend_start`,
    [...lock, ledgerSchema, roles?.login ?? null, writers],
  );
}

/** Whether one of them, at least, cannot be a rollout. */
export function isStranger(holders: readonly LockHolder[]): boolean {
  return holders.some(({ mayRollOut }) => !mayRollOut);
}

/** Why they are no rollout, with each of them. */
export function describeStrangers(holders: readonly LockHolder[]): string {
  const names = [...new Set(holders.filter(({ mayRollOut }) => !mayRollOut).map(({ user }) => user ?? "?"))];
  return `a session that is no rollout, because ${names.join(", ")} may not carry one out: ${describeBlockers(holders)}`;
}

/** How to end them: who may say what. */
export function howToEnd(holders: readonly LockHolder[]): string {
  return holders
    .map(({ pid, user, superuser }) => {
      const who = superuser ? "a superuser" : `${user ?? "its owner"}, a superuser or a member of pg_signal_backend`;
      return `${who}: SELECT pg_catalog.pg_terminate_backend(${pid});`;
    })
    .join(" ");
}
