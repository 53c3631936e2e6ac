import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Client } from "pg";
import { crashServer } from "./crash";
import type { Engine } from "../pulumi/engine";
import { until } from "../until";
import { start, type Role, type Victim } from "./process-under-test";

/** What is hit, in which command, and when. */
export interface Blow {
  command: "up" | "destroy";
  what: Role | "server";
  /**
   * In the middle of a tier's transaction; after its COMMIT and before Pulumi writes its state; or so many milliseconds
   * after the command has opened its first session.
   */
  when: { inside: number } | { committed: number } | { after: number };
}

const PATIENCE_MS = 60_000;

/** Runs a command and strikes it down; a command that ends before the blow is aimed ends by itself. */
export async function strike(url: string, stack: Engine, blow: Blow): Promise<void> {
  const victim = start(stack, blow.command, "--skip-preview");
  const watch = await open(url);
  let over = false;
  void victim.ended.then(() => (over = true));
  try {
    await reach(watch, stack, victim, blow, () => over);
    if (blow.what === "server") await crashServer(url);
    else victim.signal(blow.what, "SIGKILL");
    // An engine that was made to stand still, and was not the one that is hit, learns of it now.
    victim.signal("cli", "SIGCONT");
  } catch (error) {
    victim.signal("all", "SIGKILL");
    throw error;
  } finally {
    await watch.end().catch(() => undefined);
  }
  await victim.ended;
}

async function reach(watch: Client, stack: Engine, victim: Victim, blow: Blow, over: () => boolean): Promise<void> {
  const wait = async (condition: () => Promise<boolean>) => until(async () => over() || condition(), PATIENCE_MS);
  if ("after" in blow.when) {
    await wait(() => hasSession(watch, false));
    const at = Date.now() + blow.when.after;
    return wait(() => Promise.resolve(Date.now() >= at));
  }
  const tier = "inside" in blow.when ? blow.when.inside : blow.when.committed;
  await wait(async () => pendingTier(stack) === tier && (await hasSession(watch, true)));
  if ("inside" in blow.when) return;
  // The engine stands still while the provider goes on: what is committed now, the state cannot learn.
  victim.signal("cli", "SIGSTOP");
  await wait(async () => (await ledger(watch)).includes(tier) === (blow.command === "up"));
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

/** Tiers that the database knows. */
async function ledger(watch: Client): Promise<number[]> {
  const { rows } = await watch
    .query<{ tier: number }>("SELECT tier FROM one_roof_rollout.ledger")
    .catch(() => ({ rows: [] }));
  return rows.map(({ tier }) => tier);
}

/** The tier that Pulumi is at, as its state says. */
function pendingTier({ folder }: Engine): number | undefined {
  const file = path.join(folder, ".pulumi", "stacks", "one-roof", "dev.json");
  if (!existsSync(file)) return undefined;
  const [, tier] = /"pending_operations"[^]*?tier-(\d)-/.exec(readFileSync(file, "utf8")) ?? [];
  return tier === undefined ? undefined : Number(tier);
}
