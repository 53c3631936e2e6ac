import { Client } from "pg";
import { program } from "./psql";

/** Everything a database holds, in a form that two snapshots can be compared by. */
export interface Snapshot {
  /** One line for each fact of the catalog. */
  catalog: string[];
  /** By table: number of rows and the sum of their hashes, which no order changes. */
  rows: Record<string, string>;
}

const USER_SCHEMA = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/**
 * The catalog, fact by fact, by name and never by oid. Independent of the product's own fingerprint on purpose: it is
 * what that one is checked against. Positions of sequences are not part of it.
 */
const CATALOG = `
WITH relation AS (
  SELECT c.*, format('%I.%I', n.nspname, c.relname) AS label
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER_SCHEMA}
), routine AS (
  SELECT p.*, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS label
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${USER_SCHEMA} AND p.prokind <> 'a'
)
SELECT format('schema %I owner %s acl %s', n.nspname, n.nspowner::regrole, n.nspacl) FROM pg_namespace n WHERE ${USER_SCHEMA}
UNION ALL SELECT format('relation %s kind %s owner %s persistence %s rls %s options %s acl %s file %s', label, relkind,
  relowner::regrole, relpersistence, relrowsecurity, reloptions, relacl, relfilenode) FROM relation
UNION ALL SELECT format('column %s.%I #%s %s notnull %s identity %s generated %s storage %s collation %s default %s acl %s',
  r.label, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
  a.attstorage, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid), a.attacl)
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL SELECT format('constraint %s %I %s', coalesce(r.label, 'domain'), c.conname, pg_get_constraintdef(c.oid))
  FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid
UNION ALL SELECT format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
  FROM pg_index i JOIN relation r ON r.oid = i.indrelid
UNION ALL SELECT format('rule %s %s', label, pg_get_ruledef(w.oid)) FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class
UNION ALL SELECT format('trigger %s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
  FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL SELECT format('foreign key trigger on %s calling %s', r.label, t.tgfoid::regproc)
  FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid WHERE t.tgisinternal
UNION ALL SELECT format('policy %s %I %s', r.label, p.polname, pg_get_expr(p.polqual, p.polrelid))
  FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
UNION ALL SELECT format('sequence %s start %s increment %s max %s min %s cache %s cycle %s', label, seqstart, seqincrement,
  seqmax, seqmin, seqcache, seqcycle) FROM pg_sequence s JOIN relation r ON r.oid = s.seqrelid
UNION ALL SELECT format('routine %s owner %s acl %s %s', label, proowner::regrole, proacl, pg_get_functiondef(oid)) FROM routine
UNION ALL SELECT format('type %s kind %s owner %s acl %s', format_type(t.oid, NULL), t.typtype, t.typowner::regrole, t.typacl)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${USER_SCHEMA}
UNION ALL SELECT format('extension %s %s', extname, extversion) FROM pg_extension
UNION ALL SELECT format('event trigger %s on %s enabled %s', evtname, evtevent, evtenabled) FROM pg_event_trigger
UNION ALL SELECT format('publication %s', pubname) FROM pg_publication
UNION ALL SELECT format('statistics %s', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
UNION ALL SELECT format('default privileges %s %s', defaclrole::regrole, defaclacl) FROM pg_default_acl
UNION ALL SELECT format('setting of %s: %s', coalesce(nullif(setrole, 0)::regrole::text, 'all'), setconfig)
  FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL SELECT format('comment on %s: %s', pg_describe_object(classoid, objoid, objsubid), description)
  FROM pg_description WHERE objoid >= 16384
`;

const TABLES = `
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND ${USER_SCHEMA} ORDER BY 1
`;

/**
 * Reads the whole database. Two snapshots with no `differences` are of identical databases. With `dump` the catalog is
 * also told in pg_dump's words, which takes three times as long.
 */
export async function catalogAndRows(url: string, { dump = false } = {}): Promise<Snapshot> {
  const client = new Client(url);
  await client.connect();
  try {
    const catalog = await client.query<[string]>({ text: `${CATALOG} ORDER BY 1`, rowMode: "array" });
    const tables = await client.query<{ name: string }>(TABLES);
    const hashes = await client.query<{ name: string; hash: string }>(
      tables.rows.map(({ name }) => rowsOf(name)).join("\nUNION ALL ") || `SELECT '' AS name, '' AS hash LIMIT 0`,
    );
    const rows = Object.fromEntries(hashes.rows.map(({ name, hash }) => [name, hash]));
    const dumped = dump ? await dumpedCatalog(url, client) : [];
    return { catalog: [...catalog.rows.map(([line]) => line), ...dumped], rows };
  } finally {
    await client.end();
  }
}

function rowsOf(table: string): string {
  return `SELECT '${table.replaceAll("'", "''")}' AS name, count(*) || ' rows, '
    || coalesce(sum(hashtextextended(t::text, 0))::text, '-') AS hash FROM ${table} t`;
}

/** What pg_dump says of the structure, where the installed one is new enough to read this server. */
async function dumpedCatalog(url: string, client: Client): Promise<string[]> {
  // SHOW asks the server itself; a test makes current_setting() lie.
  const server = await client.query<{ server_version_num: string }>("SHOW server_version_num");
  if ((await dumpVersion()) < Math.trunc(Number(server.rows[0].server_version_num) / 10000)) return [];
  const dump = await program("pg_dump", ["--schema-only", "-d", url]);
  if (dump.code !== 0) throw new Error(`pg_dump: ${dump.stderr}`);
  // `\\restrict` carries a key that is new in every dump; the name of the database is not what is compared.
  return dump.stdout
    .split("\n")
    .filter((line) => line && !/^(--|\\(un)?restrict )/.test(line))
    .map((line) => `dump ${line}`);
}

let version: Promise<number> | undefined;

function dumpVersion(): Promise<number> {
  return (version ??= program("pg_dump", ["--version"]).then(
    ({ stdout }) => Number(/(\d+)/.exec(stdout)?.[1] ?? 0),
    () => 0,
  ));
}

/** What changed from one snapshot to the next, a readable line each; empty when nothing did. */
export function differences(before: Snapshot, after: Snapshot): string[] {
  const tables = [...new Set([...Object.keys(before.rows), ...Object.keys(after.rows)])].sort();
  return [
    ...surplus(before.catalog, after.catalog).map((line) => `- ${line}`),
    ...surplus(after.catalog, before.catalog).map((line) => `+ ${line}`),
    ...tables
      .filter((table) => before.rows[table] !== after.rows[table])
      .map((table) => `~ ${table}: ${before.rows[table] ?? "absent"} -> ${after.rows[table] ?? "absent"}`),
  ];
}

/** Lines of one list that the other has fewer of: repeated lines count. */
function surplus(lines: string[], others: string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
