import path from "node:path";
import { readConfiguration } from "../../provider/config";
import { create } from "../../provider/create";
import { destroy } from "../../provider/delete";
import { verdictFor, type TierInputs, type TierState } from "../../provider/inputs";
import { identifyRelease } from "../../provider/manifest";
import { planRun, type Plan } from "../../provider/plan";
import { read, type Read } from "../../provider/read";
import { loadRelease } from "../../provider/release";
import type { Rollout } from "../../provider/rollout";
import { configure, runOptions, type RunOptions } from "../../provider/settings";

/** One rollout on one database, driven by the provider's own functions as the program drives them, without Pulumi. */
export interface Program {
  /** Lines that the rehearsals and the hooks have said so far. */
  readonly said: string[];
  /** The rehearsal, and the inputs of every tier that the program makes of it. `through: -1` plans the way down. */
  plan(through?: number): Promise<Plan & { inputs: TierInputs[] }>;
  /** Plans, then applies what the ledger does not hold yet; gives the state of each tier. */
  up(through?: number): Promise<TierState[]>;
  create(inputs: TierInputs): Promise<TierState>;
  read(state: TierState): Promise<Read>;
  /** Rolls back one tier. */
  destroy(state: TierState): Promise<void>;
}

export interface Setup {
  rollout: Rollout;
  /** Folder of the project that holds the rollout's files. */
  root?: string;
  url: string;
  /** Configuration of the stack, options included. */
  values: Readonly<Record<string, string>>;
}

export function program({ rollout, root = path.resolve(""), url, values }: Setup): Program {
  const said: string[] = [];
  const configuration = (through?: number) =>
    readConfiguration(rollout, {
      ...values,
      ...(through !== undefined && through >= 0 && { throughTier: String(through) }),
    });
  const options = runOptions((key: keyof RunOptions) => values[key]);
  const at = <Result>(work: () => Promise<Result>) => within(root, url, said, values, work);

  const plan = async (through?: number) => {
    const wish = configuration(through);
    const [release, identity] = await Promise.all([
      loadRelease(root, rollout, wish.parameters),
      identifyRelease(root, wish.release),
    ]);
    const throughTier = through ?? wish.throughTier;
    const planned = await planRun(release, identity, { ...wish, throughTier }, options, (line) => said.push(line));
    const inputs = planned.tiers.map(({ scripts, status, report, edited }, index): TierInputs => {
      const { tier, title } = scripts.declaration;
      return {
        ...{ module: "tiers", tier, title, digest: scripts.digest, status, report, target: planned.target },
        ...{ parameters: wish.parameters, run: index ? verdictFor(tier, planned.run) : planned.run },
        ...(wish.adopt && { adopt: wish.adopt }),
        ...(edited && { edited }),
      };
    });
    return { ...planned, inputs };
  };
  const apply = async (inputs: TierInputs) => (await create(inputs)).outs;

  return {
    said,
    plan: (through) => at(() => plan(through)),
    create: (inputs) => at(() => apply(inputs)),
    read: (state) => at(() => read("", state)),
    destroy: (state) => at(() => destroy(state)),
    up: (through) =>
      at(async () => {
        const states: TierState[] = [];
        for (const inputs of (await plan(through)).inputs) {
          const rolloutId = states[0]?.rolloutId;
          states.push(await apply({ ...inputs, ...(rolloutId && { rolloutId }) }));
        }
        return states;
      }),
  };
}

/** The surroundings of a command: its folder, its database, its configuration, and a console that is listened to. */
async function within<Result>(
  root: string,
  url: string,
  said: string[],
  values: Setup["values"],
  work: () => Promise<Result>,
): Promise<Result> {
  const { DATABASE_URL: former } = process.env;
  const folder = process.cwd();
  const console = jest.spyOn(globalThis.console, "log").mockImplementation((line: string) => said.push(line));
  process.env.DATABASE_URL = url;
  process.chdir(root);
  configure((key) => values[key]);
  try {
    return await work();
  } finally {
    process.chdir(folder);
    process.env.DATABASE_URL = former ?? "";
    console.mockRestore();
  }
}
