import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { copy, type TestDatabase } from "../../test/support/database/database";
import { withFolder } from "../../test/support/folder";
import { BASELINE } from "../database";
import type { Options } from "../options";
import { newStack, type Stack } from "../stack";
import { startApplication } from "./application";
import { COMMANDS, describeEnd, runCommand } from "./commands";
import { beside } from "./companions";
import { report } from "./report";
import type { Stretch } from "./stretch";
import { watch } from "./watch";

/** How long the application warms up, and how long it settles between two stretches, in milliseconds. */
const WARM_UP_MS = 5_000;
const SETTLE_MS = 500;

/** The application's requests while the real commands run, each beside a stretch without any, and whom they waited for. */
export async function benchLoad(_: TestDatabase, options: Options): Promise<void> {
  const db = await copy(BASELINE, "bench_load");
  try {
    await withFolder(async (folder) => {
      const stack = await newStack(path.resolve(""), path.join(folder, "stack"), db);
      if (options.holdBudget) stack.configure({ holdBudget: options.holdBudget });
      report(await measure(db, stack, options), options);
    });
  } finally {
    await db.drop();
  }
}

async function measure(db: TestDatabase, stack: Stack, options: Options): Promise<Stretch[]> {
  const application = await startApplication(db, options.rate);
  const watcher = await watch(db, application);
  const stretches: Stretch[] = [];
  // What ended within belongs to a stretch: whoever waits for a command is let go before it ends.
  const during = async <T>(work: () => Promise<T>) => {
    await sleep(SETTLE_MS);
    return beside(options.beside, db, async () => {
      const [start, first] = [performance.now(), application.requests.length];
      const result = await work();
      return { result, took: performance.now() - start, requests: application.requests.slice(first) };
    });
  };
  try {
    await sleep(WARM_UP_MS);
    for (let round = 1; round <= options.rounds; round++) {
      for (const command of COMMANDS) {
        const run = await during(() => runCommand(stack, command, options.nice));
        console.log(describeEnd(command, run.result, run.took));
        const quiet = await during(() => sleep(Math.max(run.took, options.seconds * 1000)));
        const { took, result, requests } = run;
        stretches.push({ command: command.name, during: requests, without: quiet.requests, took, result });
      }
    }
  } finally {
    await watcher.stop();
    await application.stop();
  }
  return stretches;
}
