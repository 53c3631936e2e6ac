import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { atEnd } from "../clean-up";
import { rollbackFile, text, type Tier } from "../database/files";
import { createFrom, database, templateName } from "../database/database";
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

/** What may have become of the ledger of a whole rollout. */
const LEDGERS: Readonly<Record<string, string>> = {
  "as written": "",
  absent: NO_LEDGER,
  "without tiers 4 to 6": without("tier > 3"),
  "without tier 4": without("tier = 4"),
  "without tier 1": without("tier = 1"),
  "of another rollout": OTHER_ROLLOUT,
  rewritten: `UPDATE ${LEDGER} SET readings = '{}' WHERE tier = 3`,
  "rewritten and hashed anew": `UPDATE ${LEDGER} SET readings = '{}' WHERE tier = 3; ${RECHAIN}`,
  "in another shape": `ALTER TABLE ${LEDGER} ADD COLUMN remark text`,
};

/** What may have become of the database that belongs to it. */
const LIVE: Readonly<Record<string, string>> = {
  "as applied": "",
  "tiers 6 to 4 rolled back behind it": behind(6, 5, 4),
  "everything rolled back behind it": behind(6, 5, 4, 3, 2, 1),
  "drift in tier 2": "UPDATE public.axis_value SET status = 'deprecated' WHERE value_code = 'audit'",
  "drift in tier 4": "UPDATE public.axis_object_ownership SET approval_ref = 'moved' WHERE axis_code = 'containment'",
  "a view dropped": "DROP VIEW public.v_ui_lane",
  "a table dropped": "DROP TABLE public.topic_taxonomy_map CASCADE",
  "a row of others": "INSERT INTO public.axis_value (axis_code, value_code) VALUES ('topic', 'theirs')",
};

/** Combinations that are no worlds of their own: the world that they are. */
export const SAME: Readonly<Record<string, string>> = {
  "ledger as written, database as applied": "through tier 6",
  "ledger absent, database as applied": "through tier 6 by psql",
  "ledger absent, database tiers 6 to 4 rolled back behind it": "through tier 3 by psql",
  "ledger absent, database everything rolled back behind it": "untouched",
  "ledger without tiers 4 to 6, database tiers 6 to 4 rolled back behind it": "through tier 3",
};

/** Every ledger with every database, of a whole rollout; the ledger is spoiled last, for a way back by psql asks it. */
const COMBINED = Object.entries(LEDGERS).flatMap(([ledger, spoils]) =>
  Object.entries(LIVE).map(([live, happens]): [string, World] => [
    `ledger ${ledger}, database ${live}`,
    { from: 6, sql: [happens, spoils].filter(Boolean).join(";\n") },
  ]),
);

/** Ledger and live database, in every combination. */
const WORLDS: Readonly<Record<string, World>> = {
  untouched: { from: 0 },
  ...Object.fromEntries(ON_WAY.map((tier): [string, World] => [`through tier ${tier}`, { from: tier }])),
  ...Object.fromEntries(
    ON_WAY.map((tier): [string, World] => [`through tier ${tier} by psql`, { from: tier, sql: NO_LEDGER }]),
  ),
  "through tier 3, ledger without its first tier": { from: 3, sql: LEDGERS["without tier 1"] },
  "through tier 3, everything rolled back behind the ledger": { from: 3, sql: behind(3, 2, 1) },
  "through tier 3, of another rollout": { from: 3, sql: OTHER_ROLLOUT },
  "through tier 3, drift in tier 2": { from: 3, sql: LIVE["drift in tier 2"] },
  "through tier 3, a table dropped": { from: 3, sql: LIVE["a table dropped"] },
  ...Object.fromEntries(COMBINED),
};

export type WorldName = string;

export const WORLD_NAMES = Object.keys(WORLDS).filter((name) => !(name in SAME));

const templateOf = (world: WorldName) => `world_${Object.keys(WORLDS).indexOf(world)}`;
const stageOf = (tier: 0 | Tier) => `stage_${tier}`;

/** Keeps the database as it is, as the stage that an undisturbed rollout has reached with this tier. */
export async function keepStage(tier: 0 | Tier): Promise<void> {
  await administer(createFrom(NAME, stageOf(tier)));
}

/** The database before any rollout, under the name of all cases; everything is dropped after the last test of the file. */
export async function begin(): Promise<string> {
  // Has the template made, if this worker has not made it yet.
  await (await database("signed")).drop();
  await become(templateName("signed"));
  atEnd(() =>
    administer(
      ...[NAME, ...[0, ...ON_WAY].map((tier) => stageOf(tier as 0 | Tier)), ...Object.keys(WORLDS).map(templateOf)].map(
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
    await administer(createFrom(NAME, templateOf(world)));
    made.add(world);
    return;
  }
  await become(templateOf(world));
}

async function become(template: string): Promise<void> {
  await administer(
    `DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`,
    createFrom(template, NAME),
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
