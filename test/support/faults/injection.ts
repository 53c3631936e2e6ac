import { existsSync, readFileSync } from "node:fs";
import { Client } from "pg";
import { crashServer } from "./crash";
import { type Engine, stateFile } from "../pulumi/engine";
import { until } from "../until";
import { type ProcessUnderTest, type Role, start } from "./process-under-test";

/** What fails, in which command, and when. */
export interface Fault {
  command: "up" | "destroy";
  what: Role | "server";
  /**
   * In the middle of a tier's transaction; after its COMMIT and before Pulumi writes its state; or so many milliseconds
   * after the command has opened its first session.
   */
  when: { inside: number } | { committed: number } | { after: number };
}

const PATIENCE_MS = 60_000;

/** Runs a command and injects a fault into it; a command that ends before the moment has come ends by itself. */
export async function inject(url: string, stack: Engine, fault: Fault): Promise<void> {
  const running = start(stack, fault.command, "--skip-preview");
  const watch = await open(url);
  let over = false;
  void running.ended.then(() => (over = true));
  try {
    await reach({ watch, stack, running, over: () => over }, fault);
    if (fault.what === "server") await crashServer(url);
    else running.signal(fault.what, "SIGKILL");
    // An engine that was stopped, and is not what was killed, goes on and learns of the fault.
    running.signal("cli", "SIGCONT");
  } catch (error) {
    running.signal("all", "SIGKILL");
    throw error;
  } finally {
    await watch.end().catch(() => undefined);
  }
  await running.ended;
}

interface Run {
  watch: Client;
  stack: Engine;
  running: ProcessUnderTest;
  over: () => boolean;
}

/** Waits for the moment of the fault, or for the end of the command. */
async function reach({ watch, stack, running, over }: Run, { command, when }: Fault): Promise<void> {
  const wait = async (condition: () => Promise<boolean>) => until(async () => over() || condition(), PATIENCE_MS);
  if ("after" in when) {
    await wait(() => hasSession(watch, false));
    const at = Date.now() + when.after;
    return wait(() => Promise.resolve(Date.now() >= at));
  }
  const tier = "inside" in when ? when.inside : when.committed;
  await wait(async () => pendingTier(stack) === tier && (await hasSession(watch, true)));
  if ("inside" in when) return;
  // The engine is stopped while the provider goes on: what is committed now never gets into the state.
  running.signal("cli", "SIGSTOP");
  await wait(async () => (await ledger(watch)).includes(tier) === (command === "up"));
}

async function open(url: string): Promise<Client> {
  const client = new Client(url);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Whether a session of the product is there, or one with which it applies or rolls back, in its transaction. */
async function hasSession(watch: Client, applying: boolean): Promise<boolean> {
  const wanted = applying ? "= 'one-roof rollout' AND xact_start IS NOT NULL" : "LIKE 'one-roof%'";
  const { rows } = await watch.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name ${wanted}) AS there`,
  );
  return rows[0].there;
}

/** Tiers that the database calls applied. */
async function ledger(watch: Client): Promise<number[]> {
  const { rows } = await watch
    .query<{ tier: number }>(
      "SELECT tier FROM one_roof_rollout.ledger GROUP BY tier HAVING count(*) FILTER (WHERE action = 'applied') * 2 > count(*)",
    )
    .catch(() => ({ rows: [] }));
  return rows.map(({ tier }) => tier);
}

/** The tier that Pulumi is at, as its state says. */
function pendingTier({ folder }: Engine): number | undefined {
  const file = stateFile(folder);
  if (!existsSync(file)) return undefined;
  const [, tier] = /"pending_operations"[^]*?tier-(\d)-/.exec(readFileSync(file, "utf8")) ?? [];
  return tier === undefined ? undefined : Number(tier);
}
