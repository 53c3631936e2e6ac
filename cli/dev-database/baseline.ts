// Fills the embedded database: the production-shaped baseline of sql/baseline, and the human approval.
import fs from "node:fs";
import path from "node:path";
import type { Client } from "pg";
import {
  newPassword,
  runningCluster,
  startCluster,
  withClient,
  withClusterLock,
  writeCluster,
  type Cluster,
} from "./cluster";
import { tell } from "../console";
import { projectFolder } from "../project";

export const DATABASE = "directus";
const BASELINE_FOLDER = path.join(projectFolder, "sql", "baseline");

export interface Baseline {
  /** 1 is production size; the small default loads in two seconds. */
  scale: string;
  signed: boolean;
}

export const DEFAULT_BASELINE: Baseline = { scale: "0.001", signed: true };

/** The running database with its baseline in it, whatever it takes to get there. */
export async function ensureDatabase(): Promise<Cluster> {
  const running = await runningCluster();
  if (running?.loaded) return running;
  return withClusterLock(async () => {
    const cluster = await startCluster();
    return cluster.loaded ? cluster : loadBaseline(cluster, DEFAULT_BASELINE);
  });
}

/** Drops the database and loads it anew. */
export function resetDatabase(baseline: Baseline): Promise<Cluster> {
  return withClusterLock(async () => loadBaseline(await startCluster(), baseline));
}

async function loadBaseline(known: Cluster, baseline: Baseline): Promise<Cluster> {
  const cluster = { ...known, rolePassword: known.rolePassword ?? newPassword() };
  tell(`Loading the baseline at scale ${baseline.scale}${baseline.signed ? ", signed" : ", unsigned"} ...`);
  writeCluster({ ...cluster, loaded: false });
  await withClient(cluster, "postgres", async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${DATABASE}`);
  });
  await withClient(cluster, DATABASE, async (client) => {
    await client.query("SELECT set_config('one_roof.scale', $1, false)", [baseline.scale]);
    for (const file of baselineFiles()) await runFile(client, file);
    if (baseline.signed) await runFile(client, "sign.sql");
  });
  const { installRoles } = require("./roles") as typeof import("./roles");
  await installRoles(cluster, DATABASE);
  const loaded = { ...cluster, loaded: true };
  writeCluster(loaded);
  return loaded;
}

function baselineFiles(): string[] {
  return fs
    .readdirSync(BASELINE_FOLDER)
    .filter((file) => /^[0-9].*\.sql$/.test(file))
    .sort();
}

/** Plays the human: sets or takes back the approval without which nothing rolls out. */
export async function setApproval(signed: boolean): Promise<void> {
  const cluster = await ensureDatabase();
  await withClient(cluster, DATABASE, (client) => runFile(client, signed ? "sign.sql" : "unsign.sql"));
}

async function runFile(client: Client, file: string): Promise<void> {
  await client.query(fs.readFileSync(path.join(BASELINE_FOLDER, file), "utf8"));
}
