import path from "node:path";
import { readConfiguration } from "../../provider/config";
import { create } from "../../provider/create";
import { destroy } from "../../provider/delete";
import { verdictFor, type TierInputs, type TierState } from "../../provider/inputs";
import { identifyRelease } from "../../provider/manifest";
import { planRun } from "../../provider/plan";
import { loadRelease } from "../../provider/release";
import { configure, configuredOptions } from "../../provider/settings";
import { rollout } from "../../tiers";
import { RATIFIED } from "./database";

/** What Pulumi does with the provider, on one database and without Pulumi. */
export interface Hooks {
  /** Inputs of every tier, as the program computes them after its rehearsal. */
  plan(throughTier?: number): Promise<TierInputs[]>;
  create(inputs: TierInputs): Promise<TierState>;
  destroy(state: TierState): Promise<void>;
  /** Applies the tiers in order, each with what the one before hands over; gives their states. */
  apply(inputs: readonly TierInputs[]): Promise<TierState[]>;
  /** What an operator has read since the last call. */
  said(): string;
}

/** Hooks on the database `name` at `url`, which may lead through a proxy, with options of the stack's configuration. */
export function hooks(name: string, url: string, options: Readonly<Partial<Record<string, string>>> = {}): Hooks {
  let lines: string[] = [];
  const at = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    process.env.DATABASE_URL = url;
    configure((key) => options[key]);
    const shown = jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    try {
      return await work();
    } catch (error) {
      lines.push(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      shown.mockRestore();
    }
  };
  const createOne = (inputs: TierInputs) => at(async () => (await create(inputs)).outs);
  return {
    plan: (throughTier = 8) => at(() => plan(name, throughTier, (line) => void lines.push(line))),
    create: createOne,
    destroy: (state) => at(() => destroy(state)),
    async apply(inputs) {
      const states: TierState[] = [];
      for (const each of inputs) states.push(await createOne(follow(each, states)));
      return states;
    },
    said() {
      const said = lines.join("\n");
      lines = [];
      return said;
    },
  };
}

/** Hands over what the first tier minted. */
export function follow(inputs: TierInputs, [first]: readonly TierState[]): TierInputs {
  return first ? { ...inputs, rolloutId: first.rolloutId } : inputs;
}

async function plan(name: string, throughTier: number, log: (line: string) => void): Promise<TierInputs[]> {
  const configuration = readConfiguration(rollout, {
    database: name,
    ratifiedApr: RATIFIED,
    throughTier: String(throughTier),
  });
  const root = path.resolve("");
  const release = await loadRelease(root, rollout, configuration.parameters);
  const identity = await identifyRelease(root, configuration.release);
  const { tiers, run, target } = await planRun(release, identity, configuration, configuredOptions(), log);
  return tiers.map(({ scripts, status, report }, index) => ({
    ...{ module: "tiers", tier: scripts.declaration.tier, title: scripts.declaration.title, digest: scripts.digest },
    ...{ parameters: configuration.parameters, target, status, report },
    run: index ? verdictFor(scripts.declaration.tier, run) : run,
  }));
}
