import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readConfiguration } from "../provider/model/configuration";
import type { TierInputs, TierState } from "../provider/model/tier-inputs";
import { planRun } from "../provider/plan/plan";
import { tierInputs } from "../provider/plan/tier-inputs";
import { look } from "../provider/postgres/guard-sight";
import { trackHolds } from "../provider/postgres/holds";
import { create } from "../provider/resource/create";
import { deleteTier } from "../provider/resource/delete";
import { configure } from "../provider/resource/run-options";
import type { TestDatabase } from "../test/support/database/database";
import { withFolder } from "../test/support/folder";
import { rollout } from "../tiers";
import { parametersOf } from "./database";
import type { Options } from "./options";
import { withSession } from "./run";
import { printLines } from "./table";

/** How often the watch looks, in milliseconds: a lock is told too long by as much, never too short. */
const LOOK_MS = 2;

/** What a rollout does to the application's tables, each with the longest strong lock that it was seen to hold. */
const STEPS = ["rehearsal, up", "tiers applied", "rehearsal, down", "tiers rolled back"] as const;

/** The longest strong lock on an existing table in each part of a rollout, seen from outside. */
export async function benchLocks(db: TestDatabase, { rounds }: Options): Promise<void> {
  const held = new Map<string, number[]>();
  await withFolder(async (evidence) => {
    const values = { ...parametersOf(db), evidence, holdBudget: "60s" };
    configure((key) => (values as Record<string, string>)[key]);
    process.env.ROLLOUT_RUN_PROGRAM = "true";
    for (let round = 0; round <= rounds; round++) {
      const longest = await oneRound(db, values);
      // The first round warms the caches.
      if (round === 0) continue;
      for (const [index, holds] of longest.entries()) {
        for (const [table, milliseconds] of holds) {
          const name = `${STEPS[index] ?? ""}: ${table}`;
          held.set(name, [...(held.get(name) ?? []), milliseconds]);
        }
      }
    }
  });
  printLines(
    `Strong locks on existing tables, the longest of each run, ${rounds} rounds`,
    [...held].map(([name, values]) => ({ name, values })),
  );
}

/** The whole way up and down; gives the longest lock on each table in each step. */
async function oneRound(db: TestDatabase, values: Record<string, string>): Promise<ReadonlyMap<string, number>[]> {
  const plan = async (throughTier?: number) => {
    const configuration = readConfiguration(rollout, values);
    const request = { ...configuration.request, ...(throughTier !== undefined && { throughTier }) };
    const planned = await planRun({ root: path.resolve(""), rollout }, { ...configuration, request }, () => undefined);
    return tierInputs(planned, { ...configuration, request }, "tiers");
  };
  let inputs: TierInputs[] = [];
  const states: TierState[] = [];
  const steps = [
    async () => {
      inputs = await plan();
    },
    async () => {
      for (const each of inputs) {
        const [first] = states;
        states.push((await create({ ...each, ...(first && { rolloutId: first.rolloutId }) })).outs);
      }
    },
    async () => {
      await plan(-1);
    },
    async () => {
      for (const state of states.reverse()) await deleteTier(state);
    },
  ];
  const longest: ReadonlyMap<string, number>[] = [];
  for (const step of steps) longest.push(await longestHold(db, step));
  return longest;
}

/** The longest strong lock that any session of the rollout holds on each existing table while `work` runs, in milliseconds. */
async function longestHold(db: TestDatabase, work: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
  return withSession(db, async (observer) => {
    const holds = trackHolds();
    let over = false;
    const watching = (async () => {
      while (!over) {
        const pids = await observer.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE application_name LIKE $1 AND pid <> pg_backend_pid()",
          [`${rollout.name} rollout%`],
        );
        const seen = [];
        for (const { pid } of pids) seen.push(...(await look(observer, pid, { patience: 60_000, holds: true })).held);
        holds.see(seen);
        await sleep(LOOK_MS);
      }
    })();
    const quiet = console.log;
    console.log = () => undefined;
    await work().finally(() => {
      over = true;
      console.log = quiet;
    });
    await watching;
    return holds.longest();
  });
}
