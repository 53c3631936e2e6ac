/** No column of a seed row is left out of what a tier is known by. */
import { hashOwnRows, seedTables } from "../../provider/ledger/fingerprint";
import { type TierDeclaration, writes } from "../../provider/model/rollout";
import { takeSnapshot } from "../../provider/postgres/catalog-snapshot";
import type { Session } from "../../provider/postgres/session";
import { rollout } from "../../tiers";
import { database, type TestDatabase } from "../support/database/database";
import { meanwhile, providerSession } from "../support/database/session";

const SEEDED = rollout.tiers
  .filter(writes)
  .flatMap((declaration) =>
    seedTables(declaration.delta).map(([table, own]) => [declaration.tier, table, own, declaration] as const),
  );

let db: TestDatabase;
let session: Session;

beforeAll(async () => {
  db = await database("tier-6");
  session = await providerSession(db.url);
});

/** Takes away what would refuse some values: it is the hash that is tried, not the table. */
const unguarded = (table: string) => `SET LOCAL session_replication_role = replica;
  DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT conname FROM pg_constraint WHERE conrelid = '${table}'::regclass AND contype <> 'n' LOOP
      EXECUTE format('ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS %I CASCADE', name);
    END LOOP;
    FOR name IN SELECT indexrelid::regclass FROM pg_index WHERE indrelid = '${table}'::regclass AND indisunique LOOP
      EXECUTE 'DROP INDEX ' || name;
    END LOOP;
  END $$`;

/** Another value of a column, whatever it holds. */
function another(column: string, type: string): string {
  if (type === "boolean") return `coalesce(NOT ${column}, true)`;
  if (type === "jsonb") return `coalesce(${column}, '{}') || '{"x": 1}'`;
  if (type.startsWith("timestamp")) return `coalesce(${column}, now()) + interval '1 second'`;
  if (/int|numeric/.test(type)) return `coalesce(${column}, 0) + 1`;
  return `coalesce(${column}, '') || 'x'`;
}

async function unseen(declaration: TierDeclaration, table: string, own: string): Promise<string[]> {
  const columns = await db.rows(`SELECT quote_ident(attname), format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`);
  const passed: string[] = [];
  for (const [column, type] of columns as [string, string][]) {
    await meanwhile(session, unguarded(table), async () => {
      const { objects } = await takeSnapshot(session, rollout.ledgerSchema);
      const before = await hashOwnRows(session, declaration.delta, objects);
      const changed = await session.query(
        `UPDATE ${table} SET ${column} = ${another(column, type)} WHERE ctid = (SELECT min(ctid) FROM ${table} WHERE ${own}) RETURNING 1`,
      );
      expect(changed).toHaveLength(1);
      const after = await hashOwnRows(session, declaration.delta, objects);
      if (before[table]?.hash === after[table]?.hash) passed.push(column);
    });
  }
  expect(columns.length).toBeGreaterThan(5);
  return passed;
}

test.each(SEEDED)("of tier %i in %s", async (_tier, table, own, declaration) => {
  expect(await unseen(declaration, table, own)).toEqual([]);
});
