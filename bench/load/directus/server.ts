import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { TestDatabase } from "../../../test/support/database/database";
import { freePort, supervise } from "../../../test/support/database/server";
import type { Installed } from "./install";

const run = promisify(execFile);

const START_MS = 120_000;
const TOKEN = "bench-application";

/** A Directus that answers. */
export interface Server {
  /** One request; throws with what Directus says where it refuses. Gives the data of the answer. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** Makes Directus' own tables beside those that are there, and starts it, as the login `user`. It ends with the bench, however that ends. */
export async function startDirectus({ node, cli }: Installed, db: TestDatabase, user: string): Promise<Server> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "directus-"));
  const port = await freePort();
  const env = settings(folder, db, user, port);
  await run(node, [cli, "bootstrap"], { cwd: folder, env: { ...process.env, ...env } });
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const stop = supervise(folder, ["env", ...variables, node, cli, "start"]);
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/server/ping`, path.join(folder, "log"));
  return { ask: (method, where, body) => ask(`${url}${where}`, method, body), stop };
}

/** Directus as it comes, but that it calls nobody, and turns nobody away when the machine is busy. */
function settings(folder: string, db: TestDatabase, user: string, own: number): Readonly<Record<string, string>> {
  const { hostname, port } = new URL(db.url);
  return {
    DB_CLIENT: "pg",
    DB_HOST: hostname,
    DB_PORT: port,
    DB_DATABASE: db.name,
    DB_USER: user,
    DB_PASSWORD: "none",
    PGAPPNAME: "directus",
    SECRET: "only on this machine, only for as long as the bench",
    ADMIN_EMAIL: "bench@example.com",
    ADMIN_PASSWORD: "only on this machine",
    ADMIN_TOKEN: TOKEN,
    HOST: "127.0.0.1",
    PORT: `${own}`,
    TELEMETRY: "false",
    PRESSURE_LIMITER_ENABLED: "false",
    LOG_LEVEL: "error",
    LOG_STYLE: "raw",
    STORAGE_LOCATIONS: "local",
    STORAGE_LOCAL_ROOT: folder,
    EXTENSIONS_PATH: path.join(folder, "extensions"),
  };
}

async function answers(url: string, log: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(200);
  }
  throw new Error(`Directus did not answer within ${START_MS / 1000} s:\n${readFileSync(log, "utf8")}`);
}

async function ask(url: string, method: string, body?: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const answer = await fetch(url, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return text === "" ? undefined : (JSON.parse(text) as { data: unknown }).data;
}
