// A database of its own on the embedded server, for the length of one use.
import fs from "node:fs";
import path from "node:path";
import type { Client } from "pg";
import { Failure } from "../failure";
import {
  clusterUrl,
  readCluster,
  removeCluster,
  runningCluster,
  startCluster,
  stopCluster,
  withClusterLock,
  withClient,
  type Cluster,
} from "./cluster";

const INVENTORY = path.join(__dirname, "inventory.sql");

/** All that a database holds, by name: see inventory.sql. */
export type Inventory = ReadonlyMap<string, string>;

export interface ScratchDatabase {
  url: string;
  takeInventory: () => Promise<Inventory>;
}

/**
 * Makes the database, fills it with `sql`, hands it to `use` and drops it, whatever its end. The server is left as it
 * was found: running, stopped or not there at all, unless others have come to use it meanwhile.
 */
export async function withScratchDatabase<T>(
  name: string,
  sql: string,
  use: (database: ScratchDatabase) => Promise<T>,
): Promise<T> {
  const found = { cluster: readCluster(), running: (await runningCluster()) !== undefined };
  const cluster = await withClusterLock(startCluster);
  try {
    await create(cluster, name, sql);
    const url = clusterUrl(cluster, name);
    return await use({ url, takeInventory: () => withClient(cluster, name, takeInventory) });
  } finally {
    await withClusterLock(async () => {
      const inUse = await drop(cluster, name);
      if (found.running || inUse) return;
      await stopCluster();
      if (!found.cluster && !readCluster()?.loaded) removeCluster(cluster);
    });
  }
}

async function create(cluster: Cluster, name: string, sql: string): Promise<void> {
  await withClient(cluster, "postgres", async (client) => {
    // A run that was killed has left it.
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${name}`);
  });
  await withClient(cluster, name, (client) => client.query(sql));
}

/** True where others are at work on the server. */
async function drop(cluster: Cluster, name: string): Promise<boolean> {
  return withClient(cluster, "postgres", async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    const { rowCount } = await client.query(
      "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    return Boolean(rowCount);
  });
}

async function takeInventory(client: Client): Promise<Inventory> {
  const { rows } = await client.query<{ what: string; is: string }>(fs.readFileSync(INVENTORY, "utf8"));
  if (!rows.length) throw new Failure("The inventory of the database is empty: expected at least its schema.");
  return new Map(rows.map(({ what, is }) => [what, is]));
}

/** What is not the same in two inventories, by name. */
export function inventoryDifferences(before: Inventory, after: Inventory): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.filter((name) => before.get(name) !== after.get(name));
}
