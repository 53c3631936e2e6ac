import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { atEnd } from "../clean-up";
import { rollbackFile, text, type Tier } from "../database/files";
import { database, templateName } from "../database/database";
import { serverPort, urlOf } from "../database/server";
import { LEDGER, RECHAIN } from "../faults/rewrite";

/** All cases run on a database of this name: a state belongs to one. */
export const NAME = "states";

const ON_WAY: readonly Tier[] = [1, 2, 3, 4, 5, 6];

/** A database as a run may find it: from which tier of an undisturbed rollout it is made, and what happened to it then. */
interface World {
  readonly from: 0 | Tier;
  readonly sql?: string;
}

const NO_LEDGER = "DROP SCHEMA one_roof_rollout CASCADE";
const without = (condition: string) => `DELETE FROM ${LEDGER} WHERE ${condition}; ${RECHAIN}`;
const OTHER_ROLLOUT = `UPDATE ${LEDGER} SET rollout_id = '${randomUUID()}'; ${RECHAIN}`;

/** Rolls tiers back by psql, behind the back of a ledger that goes on to call them applied. */
const behind = (...tiers: Tier[]) => `ALTER SCHEMA one_roof_rollout RENAME TO elsewhere;
  ${tiers.map((tier) => text(rollbackFile(tier))).join("\n")}
  ALTER SCHEMA elsewhere RENAME TO one_roof_rollout`;

/** Ledger and live database, in every combination that can be reached. */
const WORLDS: Readonly<Record<string, World>> = {
  untouched: { from: 0 },
  ...Object.fromEntries(ON_WAY.map((tier): [string, World] => [`through tier ${tier}`, { from: tier }])),
  ...Object.fromEntries(
    ON_WAY.map((tier): [string, World] => [`through tier ${tier} by psql`, { from: tier, sql: NO_LEDGER }]),
  ),
  "ledger behind: tiers 4 to 6 forgotten": { from: 6, sql: without("tier > 3") },
  "ledger with a gap: tier 4 forgotten": { from: 6, sql: without("tier = 4") },
  "ledger without its first tier": { from: 3, sql: without("tier = 1") },
  "ledger ahead: tiers 6 to 4 rolled back behind it": { from: 6, sql: behind(6, 5, 4) },
  "ledger ahead: everything rolled back behind it": { from: 3, sql: behind(3, 2, 1) },
  "another rollout through tier 3": { from: 3, sql: OTHER_ROLLOUT },
  "another rollout, complete": { from: 6, sql: OTHER_ROLLOUT },
  "ledger rewritten and hashed anew": {
    from: 6,
    sql: `UPDATE ${LEDGER} SET readings = '{}' WHERE tier = 3; ${RECHAIN}`,
  },
  "ledger rewritten": { from: 6, sql: `UPDATE ${LEDGER} SET readings = '{}' WHERE tier = 3` },
  "ledger in another shape": { from: 6, sql: `ALTER TABLE ${LEDGER} ADD COLUMN remark text` },
  "drift in tier 2": { from: 3, sql: "UPDATE public.axis_value SET status = 'deprecated' WHERE value_code = 'audit'" },
  "drift in tier 4": {
    from: 6,
    sql: "UPDATE public.axis_object_ownership SET approval_ref = 'moved' WHERE axis_code = 'containment'",
  },
  "a view dropped": { from: 6, sql: "DROP VIEW public.v_ui_lane" },
  "a table dropped": { from: 3, sql: "DROP TABLE public.topic_taxonomy_map CASCADE" },
  "a row of others in one of our tables": {
    from: 6,
    sql: "INSERT INTO public.axis_value (axis_code, value_code) VALUES ('topic', 'theirs')",
  },
};

export type WorldName = string;

export const WORLD_NAMES = Object.keys(WORLDS);

const templateOf = (world: WorldName) => `world_${WORLD_NAMES.indexOf(world)}`;
const stageOf = (tier: 0 | Tier) => `stage_${tier}`;

/** Keeps the database as it is, as the stage that an undisturbed rollout has reached with this tier. */
export async function keepStage(tier: 0 | Tier): Promise<void> {
  await administer(`CREATE DATABASE ${stageOf(tier)} TEMPLATE ${NAME}`);
}

/** The database before any rollout, under the name of all cases; everything is dropped after the last test of the file. */
export async function begin(): Promise<string> {
  // Has the template made, if this worker has not made it yet.
  await (await database("signed")).drop();
  await become(templateName("signed"));
  atEnd(() =>
    administer(
      ...[NAME, ...[0, ...ON_WAY].map((tier) => stageOf(tier as 0 | Tier)), ...WORLD_NAMES.map(templateOf)].map(
        (name) => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`,
      ),
    ),
  );
  return urlOf(await serverPort(), NAME);
}

const made = new Set<WorldName>();

/** Puts a world in the place of the database; the first time it is made. */
export async function enter(world: WorldName): Promise<void> {
  if (!made.has(world)) {
    const { from, sql } = WORLDS[world];
    await become(stageOf(from));
    if (sql) await within(urlOf(await serverPort(), NAME), sql);
    await administer(`CREATE DATABASE ${templateOf(world)} TEMPLATE ${NAME}`);
    made.add(world);
    return;
  }
  await become(templateOf(world));
}

async function become(template: string): Promise<void> {
  await administer(
    `DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`,
    `CREATE DATABASE ${NAME} TEMPLATE ${template}`,
    `ALTER DATABASE ${NAME} SET one_roof.database = '${NAME}'`,
  );
}

async function administer(...statements: string[]): Promise<void> {
  await within(urlOf(await serverPort(), "postgres"), ...statements);
}

/** Runs statements as a superuser, on a connection of their own. */
export async function within(url: string, ...statements: string[]): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
