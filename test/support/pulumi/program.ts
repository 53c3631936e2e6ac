import path from "node:path";
import type { DeclareAccess } from "../../../provider/model/access";
import { readConfiguration } from "../../../provider/model/configuration";
import { messageOf } from "../../../provider/model/errors";
import type { Rollout } from "../../../provider/model/rollout";
import type { TierInputs, TierState } from "../../../provider/model/tier-inputs";
import { planRun, type Plan } from "../../../provider/plan/plan";
import { tierInputs } from "../../../provider/plan/tier-inputs";
import { create } from "../../../provider/resource/create";
import { deleteTier } from "../../../provider/resource/delete";
import { read } from "../../../provider/resource/read";
import { configure } from "../../../provider/resource/run-options";
import { rollout as oneRoof } from "../../../tiers";
import { RATIFIED, type TestDatabase } from "../database/database";
import { temporaryFolder } from "../folder";

/** One rollout on one database, driven by the provider's own functions as the program drives them, without Pulumi. */
export interface Program {
  /** What an operator has read so far: lines of the rehearsals and the hooks, and refusals. */
  readonly said: string[];
  /** Folder of its evidence. */
  readonly evidence: string;
  /** The rehearsal, and the inputs of every tier that the program makes of it. `through: -1` plans the way down. */
  plan(through?: number): Promise<Plan & { inputs: TierInputs[] }>;
  /** Plans, then applies what the ledger does not hold yet; gives the state of each tier. */
  up(through?: number): Promise<TierState[]>;
  /** Applies the tiers in order, each with what the first one hands over; gives their states. */
  apply(inputs: readonly TierInputs[]): Promise<TierState[]>;
  create(inputs: TierInputs): Promise<TierState>;
  read(state: TierState): ReturnType<typeof read>;
  /** Rolls back one tier. */
  destroy(state: TierState): Promise<void>;
}

export interface Setup {
  rollout?: Rollout;
  /** Folder of the project that holds the rollout's files. */
  root?: string;
  url: string;
  /** Who may do what where roles take part. */
  access?: DeclareAccess | undefined;
  /** Configuration of the stack, options included; the evidence goes to a folder of its own if none is named. */
  values: Readonly<Record<string, string>>;
}

/** Nobody waits for a test's locks, and a busy machine is slow: only the tests of the budget itself set one. */
export const UNHURRIED = "60s";

/** One-Roof on a test's database, with options of the stack's configuration; `url` may lead there through a proxy. */
export function programOn(
  db: TestDatabase,
  options: Readonly<Record<string, string>> = {},
  { url = db.url, root, access }: Partial<Pick<Setup, "url" | "root" | "access">> = {},
): Program {
  return program({ root, url, access, values: { database: db.name, ratifiedApr: RATIFIED, ...options } });
}

export function program({ rollout = oneRoof, root = path.resolve(""), url, access, values: own }: Setup): Program {
  const evidence = own.evidence ?? temporaryFolder();
  const values = { holdBudget: UNHURRIED, ...own, evidence };
  const said: string[] = [];
  const at = <Result>(work: () => Promise<Result>) => within({ root, url, values }, said, work);
  const plan = async (through?: number) => {
    const named = through !== undefined && through >= 0 && { throughTier: `${through}` };
    const configuration = readConfiguration(rollout, { ...values, ...named });
    const request = { ...configuration.request, ...(through !== undefined && { throughTier: through }) };
    const planned = await planRun({ root, rollout, ...(access && { access }) }, { ...configuration, request }, (line) =>
      said.push(line),
    );
    return { ...planned, inputs: tierInputs(planned, configuration, "tiers") };
  };
  const createOne = async (inputs: TierInputs) => (await create(inputs)).outs;
  const apply = async (inputs: readonly TierInputs[]) => {
    const states: TierState[] = [];
    for (const each of inputs) states.push(await createOne(follow(each, states)));
    return states;
  };
  return {
    said,
    evidence,
    plan: (through) => at(() => plan(through)),
    create: (inputs) => at(() => createOne(inputs)),
    read: (state) => at(() => read("", state)),
    destroy: (state) => at(() => deleteTier(state)),
    apply: (inputs) => at(() => apply(inputs)),
    up: (through) => at(async () => apply((await plan(through)).inputs)),
  };
}

/** Hands over what the first tier minted. */
export function follow(inputs: TierInputs, [first]: readonly TierState[]): TierInputs {
  return first ? { ...inputs, rolloutId: first.rolloutId } : inputs;
}

/** What was said since the last call. */
export function heard({ said }: Program): string {
  return said.splice(0).join("\n");
}

/** The surroundings of a command: its folder, its database, its configuration, and a console that is listened to. */
async function within<Result>(
  { root, url, values }: Required<Pick<Setup, "root" | "url" | "values">>,
  said: string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const { DATABASE_URL: former } = process.env;
  const folder = process.cwd();
  const console = jest.spyOn(globalThis.console, "log").mockImplementation((line: string) => said.push(line));
  process.env.DATABASE_URL = url;
  // The way back is planned, hence rehearsed, as `destroy --run-program` does it.
  process.env.ROLLOUT_RUN_PROGRAM = "true";
  process.chdir(root);
  configure((key) => values[key]);
  try {
    return await work();
  } catch (error) {
    said.push(messageOf(error));
    throw error;
  } finally {
    process.chdir(folder);
    process.env.DATABASE_URL = former ?? "";
    console.mockRestore();
  }
}
