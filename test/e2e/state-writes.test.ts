import { exactly, type Exact, inexactness } from "../support/faults/exact";
import { cleanUpProcesses, npmRun } from "../support/faults/process-under-test";
import { ALL, isWanted, replay, SEED, shareOf } from "../support/faults/random";
import { KINDS, type StateFault, throughStateFault } from "../support/faults/state-fault";
import { tally } from "../support/faults/tally";
import { database, type TestDatabase } from "../support/database/database";
import { engine, type Engine, WITHOUT_PACK } from "../support/pulumi/engine";
import { succeed } from "../support/pulumi/operator";
import { programOn } from "../support/pulumi/program";
import { rollout } from "../../tiers";

/*
 * Each write of Pulumi's state fails, up and down, in every way that a file can fail; the next command has to end exactly where an
 * undisturbed one would have. One case drawn by a seed; all of them: npm run chaos.
 */

jest.setTimeout(ALL ? 12 * 3_600_000 : 240_000);

/** Two for each tier; the stack, its provider and its outputs have theirs. */
const WRITES = { up: 2 * rollout.tiers.length + 4, destroy: 2 * rollout.tiers.length + 3 };

/** A disk that stays full costs half a minute of the engine's patience. */
const DRAWN = KINDS.filter((kind) => ALL || !["full", "read-only"].includes(kind));

const counts = tally("writes of the state disturbed", 1);

let db: TestDatabase;
let stack: Engine;
let ends: Record<StateFault["command"], Exact>;

beforeAll(async () => {
  db = await database("signed");
  stack = engine(db.url, WITHOUT_PACK);
  const rolled = programOn(db);
  const destroy = await exactly(db.url);
  const states = await rolled.up();
  ends = { up: await exactly(db.url), destroy };
  for (const state of states.reverse()) await rolled.destroy(state);
  await stack.ready();
});

afterAll(() => process.stderr.write(`${counts.text()}\n`));

const nameOf = ({ command, write, kind }: StateFault) => `${command}, write ${write} ${kind}`;

function faultsIn(command: StateFault["command"]): StateFault[] {
  const writes = Array.from({ length: WRITES[command] }, (_, index) => index + 1);
  const all = writes.flatMap((write) => DRAWN.map((kind): StateFault => ({ command, write, kind })));
  return shareOf(all, 1).filter((fault) => isWanted(nameOf(fault)));
}

/** Disturbs a command and makes it again: a single one must suffice. */
async function throughFault(fault: StateFault): Promise<void> {
  const { command } = fault;
  const first = await throughStateFault(stack, fault).finally(cleanUpProcesses);
  counts.count(first === undefined ? "over before" : first.code === 0 ? "done" : "failed");
  if (first?.code !== 0) await succeed(npmRun(stack, command, "--skip-preview"));
  expect(inexactness(ends[command], await exactly(db.url))).toEqual([]);
  expect(stack.resources()).toHaveLength(command === "up" ? rollout.tiers.length : 0);
}

test("writes of the state fail: the second command is exact, up and down", async () => {
  const [ups, downs] = [ALL || SEED % 2 ? faultsIn("up") : [], ALL || SEED % 2 === 0 ? faultsIn("destroy") : []];
  counts.at("up and destroy", ups.length + downs.length);
  for (let index = 0; index < Math.max(ups.length, downs.length); index++) {
    await once("up", ups[index]);
    if (index < Math.max(ups.length - 1, downs.length)) await once("destroy", downs[index]);
  }
});

/** A command, through a fault if there is one. */
async function once(command: StateFault["command"], fault: StateFault | undefined): Promise<void> {
  try {
    await (fault ? throughFault(fault) : succeed(npmRun(stack, command, "--skip-preview")));
  } catch (error) {
    counts.inexact();
    const name = fault ? nameOf(fault) : `${command}, undisturbed`;
    throw new Error(`${name}: ${String(error)}\nTo repeat it: ${replay(name)}`, { cause: error });
  }
}
