import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { copy, type TestDatabase } from "../../test/support/database/database";
import { withFolder } from "../../test/support/folder";
import { BASELINE } from "../database";
import type { Options } from "../options";
import { newStack, type Stack } from "../stack";
import { startApplication } from "./application";
import { APPLICATIONS } from "./applications";
import { COMMANDS, describeEnd, runCommand } from "./commands";
import { beside } from "./companions";
import { setApart } from "./processors";
import { report } from "./report";
import type { Stretch } from "./stretch";
import { watch } from "./watch";

/** How long the application warms up, and how long it settles between two stretches, in milliseconds. */
const WARM_UP_MS = 5_000;
const SETTLE_MS = 500;

/**
 * The application's requests while the real commands run, and whom they waited for; each beside the same command on another database of the
 * server, which costs the machine as much and locks nothing of the application's, and beside a stretch without any.
 */
export async function benchLoad(_: TestDatabase, options: Options): Promise<void> {
  const db = await copy(BASELINE, "bench_load");
  const other = await copy(BASELINE, "bench_load_elsewhere");
  try {
    await withFolder(async (folder) => {
      const stacks: Stack[] = [];
      for (const each of [db, other]) {
        const stack = await newStack(path.resolve(""), path.join(folder, each.name), each);
        if (options.holdBudget) stack.configure({ holdBudget: options.holdBudget });
        stacks.push(stack);
      }
      report(await measure(db, stacks, options), options);
    });
  } finally {
    await db.drop();
    await other.drop();
  }
}

async function measure(db: TestDatabase, [stack, other]: readonly Stack[], options: Options): Promise<Stretch[]> {
  const application = startApplication(await APPLICATIONS[options.application](db), options.rate);
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
    if (options.apart) await setApart(db);
    await sleep(WARM_UP_MS);
    for (let round = 1; round <= options.rounds; round++) {
      for (const command of COMMANDS) {
        const run = await during(() => runCommand(stack, command, options));
        console.log(describeEnd(command, run.result, run.took));
        const elsewhere = await during(() => runCommand(other, command, options));
        const quiet = await during(() => sleep(Math.max(run.took, options.seconds * 1000)));
        const { took, result, requests } = run;
        const beside = { elsewhere: elsewhere.requests, without: quiet.requests };
        stretches.push({ command: command.name, during: requests, ...beside, took, result });
      }
    }
  } finally {
    await watcher.stop();
    await application.stop();
  }
  return stretches;
}
