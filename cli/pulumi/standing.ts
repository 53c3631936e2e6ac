// After a run that was interrupted, or whose engine was killed: what stands, and what to run next.
import { setTimeout as sleep } from "node:timers/promises";
import { askLedger, describeTiers, inLine, messageOf, TIER_TYPE } from "../../provider";
import { rollout } from "../../tiers";
import { tell } from "../console";
import { exitCodeOf, interrupted, onInterrupt } from "../interrupts";
import type { Ended } from "../process";
import { type CommandLine, operationOf } from "./command-line";
import type { Cli } from "./existence";
import { readDeployment } from "./state";

/** How long the ledger may take to answer, and how much of that a session which is still at work may take to end. Milliseconds. */
const PATIENCE_MS = 3_000;
const SETTLE_MS = 2_000;

/** A command that did not come to its end. */
export interface CutShort {
  line: CommandLine;
  cli: Cli;
  ended: Ended;
}

/** Says it, if the command was one that works on tiers. Whoever interrupts once more need not wait for it. */
export async function tellStanding({ line, cli, ended }: CutShort): Promise<void> {
  const operation = operationOf(line);
  if (operation === undefined) return;
  const release = onInterrupt((again) => process.exit(exitCodeOf(again)));
  try {
    tell(`${operation} on stack ${line.stack} ${howItEnded(ended)}.`);
    const { text, isNothing } = await whatStands(line, cli);
    tell(text);
    tell(whatNext(operation, isNothing));
  } finally {
    release();
  }
}

function howItEnded({ code }: Ended): string {
  const by = interrupted();
  if (!by) return `ended because Pulumi was killed (exit code ${code})`;
  return `was interrupted (${by.abandoned ? "npm, which had started it, has ended" : WORDS[by.signal]})`;
}

const WORDS = { SIGHUP: "SIGHUP: the terminal was closed", SIGINT: "Ctrl-C", SIGTERM: "SIGTERM" } as const;

/** In words, and whether it is known to be nothing. */
async function whatStands(line: CommandLine, cli: Cli): Promise<{ text: string; isNothing: boolean }> {
  if (cli.env.DATABASE_URL) process.env.DATABASE_URL = cli.env.DATABASE_URL;
  const tooLong = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${PATIENCE_MS / 1_000} s`);
  });
  try {
    const { database, rows, atWork } = await Promise.race([askLedger(rollout, "question", SETTLE_MS), tooLong]);
    const tiers = rows.map(({ tier }) => tier);
    const carried = tiers.length ? describeTiers(tiers) : "no tier";
    const known = `${database} carries ${carried}, says its ledger`;
    return atWork
      ? { text: `${known}; but that is not the end of it: ${atWork}.`, isNothing: false }
      : { text: `${known}; what was under way is rolled back.`, isNothing: tiers.length === 0 };
  } catch (error) {
    return { text: `The ledger could not be read (${messageOf(error)}). ${inState(line, cli)}`, isNothing: false };
  }
}

/** What the state holds may be less than what was committed. */
function inState(line: CommandLine, cli: Cli): string {
  try {
    const tiers = (readDeployment(line, cli)?.resources ?? []).filter(({ type }) => type === TIER_TYPE);
    const names = tiers.map(({ urn }) => inLine(String(urn).split("::").pop() ?? ""));
    return `Pulumi's state holds ${names.join(", ") || "no tier"}; what else was committed, the next run finds in the ledger.`;
  } catch (error) {
    return `Nor could Pulumi's state: ${messageOf(error)}`;
  }
}

export function whatNext(operation: string, isNothing: boolean): string {
  const again = `Run the same command again: npm run ${operation}.`;
  if (isNothing && operation !== "refresh") return again;
  if (operation === "up") return `${again} It goes on from there. To take back what stands: npm run destroy.`;
  if (operation === "destroy") return `${again} It goes on from there. To apply again what is gone: npm run up.`;
  return `${again} It changes nothing in the database.`;
}
