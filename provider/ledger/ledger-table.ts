import { codeOf, messageOf, RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import type { Roles, Rollout } from "../model/rollout";
import { asOwner } from "../postgres/acting";
import type { Session } from "../postgres/session";
import { mayNotWrite } from "../postgres/sqlstate";

/** Name of the ledger's table. */
export function ledgerTable({ ledgerSchema }: Rollout): string {
  return `${ledgerSchema}.ledger`;
}

/** The ledger's columns: name and type. No defaults: to insert must not run what others wrote. */
const COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ["position", "integer"],
  ["tier", "integer"],
  ["action", "text"],
  ["rollout_id", "uuid"],
  ["digest", "text"],
  ["parameters", "jsonb"],
  ["report", "jsonb"],
  ["entry", "jsonb"],
  ["exit", "jsonb"],
  ["detail", "jsonb"],
  ["readings", "jsonb"],
  ["apply_sql", "text"],
  ["rollback_sql", "text"],
  ["applied_at", "timestamp with time zone"],
  ["applied_by", "text"],
  ["previous", "text"],
  ["hash", "text"],
];

/** Names of the ledger's columns, in order. */
export const COLUMN_NAMES = COLUMNS.map(([name]) => name);

/** With what the columns of the ledgers began that held one row for each applied tier, which earlier versions made. */
const FORMER = "tier integer, rollout_id uuid, digest text";

/** The roles of a rollout, where they take part in this database. */
export async function takingPart(session: Session, { roles }: Rollout): Promise<Roles | undefined> {
  if (!roles) return undefined;
  const [row] = await session.query<{ here: boolean }>(`SELECT ${takePart("$1")} AS here`, [roles.access]);
  return row?.here ? roles : undefined;
}

/** Whether roles take part, as SQL: the schema of access is there and belongs to the role of that name. */
function takePart(access: string): string {
  return `EXISTS (SELECT FROM pg_namespace s JOIN pg_roles r ON r.oid = s.nspowner WHERE s.nspname = ${access} AND r.rolname = ${access})`;
}

/**
 * Creates the ledger where it is missing, as its owner; the transaction of the first tier that writes carries it. Throws when
 * what came to be is not the plain table that was meant: its schema belongs to others, or default privileges gave them rights.
 */
export async function createLedger(session: Session, rollout: Rollout): Promise<void> {
  if (await findLedger(session, rollout)) return;
  await asOwner(session, () => makeLedger(session, rollout));
  await findLedger(session, rollout);
}

async function makeLedger(session: Session, rollout: Rollout): Promise<void> {
  const table = ledgerTable(rollout);
  const columns = COLUMNS.map(([name, type]) => `${name} ${type} NOT NULL`);
  const [schema] = await session.query("SELECT FROM pg_namespace WHERE nspname = $1", [rollout.ledgerSchema]);
  if (!schema) await createSchema(session, rollout);
  await session.query(`CREATE TABLE ${table} (${columns.join(", ")}, PRIMARY KEY (position))`);
  await session.query(
    `COMMENT ON TABLE ${table} IS 'Which tier of rollout ${rollout.name} was applied or rolled back, from which digest, with ` +
      `which evidence: only ever appended to, each row with a hash over the one before.'`,
  );
  const roles = await takingPart(session, rollout);
  if (!roles) return;
  await session.query(`GRANT SELECT, INSERT ON ${table} TO ${roles.executor}`);
  await session.query(`GRANT SELECT ON ${table} TO ${roles.monitor}`);
}

async function createSchema(session: Session, { ledgerSchema }: Rollout): Promise<void> {
  try {
    await session.query(`CREATE SCHEMA ${ledgerSchema}`);
  } catch (error) {
    if (!mayNotWrite(error)) throw error;
    const { database } = session.target;
    throw new RolloutError(
      `The ledger's schema ${ledgerSchema} cannot be created: this login has no CREATE on database ${database} ` +
        `(${messageOf(error)}). Nothing was changed. Have it granted: GRANT CREATE ON DATABASE ${database} TO …`,
      codeOf(error),
      { cause: error },
    );
  }
}

interface FoundLedger {
  readonly readable: boolean;
  readonly columns: string;
  /** Everything beside its columns by which it is not the plain table that we make. */
  readonly traps: readonly string[];
}

/*
 * To read a view is to run what its owner wrote, with the rights of whoever reads; to write into a table is to run its
 * triggers, rules, defaults and checks. The executor may append to it, where roles take part, and nobody do more. Not
 * to_regclass: it throws where the login may not look into the schema.
 */
const FOUND = `
SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
  (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attnum)
   FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  array_remove(ARRAY[
    CASE WHEN c.relkind <> 'r' THEN 'it is no table' END,
    CASE WHEN c.relowner <> n.nspowner THEN format('it belongs to %s, its schema to %s', pg_get_userbyid(c.relowner), pg_get_userbyid(n.nspowner)) END,
    CASE WHEN c.relrowsecurity OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) THEN 'it has row security' END,
    CASE WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid) THEN 'it has a rule' END,
    CASE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid) THEN 'it has a trigger' END,
    CASE WHEN EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype NOT IN ('p', 'n')) THEN 'it has a constraint of others' END,
    CASE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND NOT i.indisprimary) THEN 'it has an index of others' END,
    CASE WHEN EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) THEN 'it inherits' END,
    (SELECT 'others may create in its schema: ' || string_agg(DISTINCT coalesce(pg_get_userbyid(nullif(g.grantee, 0))::text, 'PUBLIC'), ', ')
     FROM aclexplode(n.nspacl) g WHERE g.privilege_type = 'CREATE' AND g.grantee <> n.nspowner HAVING count(*) > 0),
    (SELECT 'others may write it: ' || string_agg(DISTINCT coalesce(pg_get_userbyid(nullif(g.grantee, 0))::text, 'PUBLIC'), ', ')
     FROM (SELECT (aclexplode(c.relacl)).* UNION ALL
           SELECT (aclexplode(a.attacl)).* FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) g
     WHERE g.privilege_type <> 'SELECT' AND g.grantee <> c.relowner AND (g.privilege_type = 'INSERT' AND NOT g.is_grantable
       AND g.grantee = (SELECT e.oid FROM pg_roles e WHERE e.rolname = $2 AND ${takePart("$3")})) IS NOT TRUE
     HAVING count(*) > 0)
  ], NULL) AS traps
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = 'ledger'`;

/**
 * Whether there is a ledger. Throws a RolloutError when the login may not read it, or when it is anything but the plain
 * table that `createLedger` makes: nothing of it is read or written then.
 */
export async function findLedger(session: Session, rollout: Rollout): Promise<boolean> {
  const table = ledgerTable(rollout);
  const { ledgerSchema, roles } = rollout;
  const [found] = await session.query<FoundLedger>(FOUND, [ledgerSchema, roles?.executor, roles?.access]);
  if (!found) return false;
  if (!found.traps.length && found.columns.startsWith(FORMER)) {
    throw new RolloutError(
      `The ledger ${table} was made by an earlier version of this provider, which kept one row for each applied tier. The ` +
        `release which applied it rolls it back: check that out and roll back there, then roll out with this one. Nothing ` +
        `of it was read or run, and nothing was changed.`,
    );
  }
  const columns = COLUMNS.map(([name, type]) => `${name} ${type}`).join(", ");
  const traps = [...found.traps, ...(found.columns === columns ? [] : ["its columns are others"])];
  if (traps.length) {
    throw new RolloutError(
      `${table} is not the ledger that a rollout makes: ${inLine(traps.join("; "))}. Nothing of it was read and nothing was changed. ` +
        `Find out who made it so; if no rollout did, have it removed: DROP SCHEMA ${ledgerSchema} CASCADE`,
    );
  }
  if (!found.readable) {
    throw new RolloutError(
      `The ledger ${table} exists, but this login may not read it, so it is unknown what is applied. ` +
        `Use the login that applied the rollout, or grant it SELECT on ${table}.`,
    );
  }
  return true;
}
