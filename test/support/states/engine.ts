import path from "node:path";
import { readConfiguration } from "../../../provider/model/configuration";
import { askLedger } from "../../../provider/ledger/ledger";
import { listStops } from "../../../provider/model/describe";
import { RolloutError } from "../../../provider/model/errors";
import { inOrder, isAfter, isFirstTier, placeOf, type Rollout } from "../../../provider/model/rollout";
import type { TierInputs, TierState } from "../../../provider/model/tier-inputs";
import { planRun } from "../../../provider/plan/plan";
import { measureReadiness } from "../../../provider/plan/readiness";
import { tierInputs } from "../../../provider/plan/tier-inputs";
import { check } from "../../../provider/resource/check";
import { create, update } from "../../../provider/resource/create";
import { deleteTier } from "../../../provider/resource/delete";
import { diff } from "../../../provider/resource/diff";
import { read } from "../../../provider/resource/read";
import { configure } from "../../../provider/resource/run-options";
import { beginRun } from "../../../provider/resource/this-run";
import { rollout as oneRoof } from "../../../tiers";
import { monitor } from "../../../tiers/monitor";

/*
 * What Pulumi's engine does with the hooks of a rollout's tiers in one command, in its order: the program plans, every tier is
 * checked and compared, the pack judges, and only then a tier is created, updated or deleted, each after the one before.
 */

export const COMMANDS = ["preview", "up", "killed up", "destroy", "plain destroy", "refresh", "gate"] as const;
export type Command = (typeof COMMANDS)[number];

/** How a command ended: what the state holds now, and the refusal, if it was refused. */
export interface Ended {
  readonly state: readonly TierState[];
  readonly refusal?: RolloutError;
}

/** Where a command runs, and with which configuration. */
export interface Setting {
  readonly url: string;
  /** Folder of the project that holds the rollout's files. */
  readonly root?: string;
  /** What that project rolls out: One-Roof if nothing else is said. */
  readonly rollout?: Rollout;
  readonly values: Readonly<Record<string, string>>;
  /** What looks on after each tier that is applied. */
  readonly after?: (tier: TierState) => Promise<void>;
}

/** Runs a command on a state as the engine would. Throws what is no refusal. */
export async function run(
  command: Command,
  state: readonly TierState[],
  { url, values, root = path.resolve(""), rollout = oneRoof, after }: Setting,
  throughTier?: number,
): Promise<Ended> {
  const engine = new Engine(state, values, { root, rollout: inOrder(rollout), after }, throughTier);
  const folder = process.cwd();
  const { DATABASE_URL: former, ROLLOUT_RUN_PROGRAM: program } = process.env;
  const quiet = jest.spyOn(console, "log").mockImplementation(() => undefined);
  process.env.DATABASE_URL = url;
  process.env.ROLLOUT_RUN_PROGRAM = String(command === "destroy");
  process.chdir(root);
  beginRun();
  configure((key) => values[key]);
  try {
    await engine[command]();
    return { state: engine.state };
  } catch (error) {
    if (!(error instanceof RolloutError)) throw error;
    return { state: engine.state, refusal: error };
  } finally {
    quiet.mockRestore();
    process.chdir(folder);
    process.env.DATABASE_URL = former ?? "";
    process.env.ROLLOUT_RUN_PROGRAM = program ?? "";
  }
}

class Engine implements Record<Command, () => Promise<void>> {
  constructor(
    public state: readonly TierState[],
    private readonly values: Readonly<Record<string, string>>,
    private readonly project: Required<Pick<Setting, "root" | "rollout">> & Pick<Setting, "after">,
    private readonly throughTier?: number,
  ) {}

  async preview(): Promise<void> {
    await this.judge();
  }

  async up(): Promise<void> {
    await this.judge();
    for (const each of await this.judge()) await this.apply(each);
    const { throughTier: last } = this;
    if (last === undefined) return;
    await this.rollBack(({ tier }) => isAfter(this.project.rollout, tier, last));
    await requireNothingLeft(this.project.rollout, last);
  }

  /** After the COMMIT of the first tier that is new to the state and writes, before the state is written. */
  async "killed up"(): Promise<void> {
    for (const each of await this.judge()) {
      const before = this.state;
      await this.apply(each);
      if (
        this.known(each.tier) === before.find(({ tier }) => tier === each.tier) ||
        isFirstTier(this.project.rollout, each.tier)
      )
        continue;
      if (!before.some(({ tier }) => tier === each.tier)) this.state = before;
      return;
    }
  }

  async destroy(): Promise<void> {
    await this.plan(-1);
    await this.rollBack(() => true);
    await requireNothingLeft(this.project.rollout, -1);
  }

  async "plain destroy"(): Promise<void> {
    await this.rollBack(() => true);
  }

  async refresh(): Promise<void> {
    for (const each of this.state) {
      const { id } = await read("id", each);
      if (!id) this.state = this.state.filter(({ tier }) => tier !== each.tier);
    }
  }

  async gate(): Promise<void> {
    const configuration = readConfiguration(this.project.rollout, this.values);
    await measureReadiness(this.project, monitor, configuration, { stack: "dev", approval: false });
  }

  private known(tier: number): TierState | undefined {
    return this.state.find((each) => each.tier === tier);
  }

  /** What a program registers, as its tiers' inputs, and whether its run passed. */
  private async plan(throughTier = this.throughTier) {
    const configuration = readConfiguration(this.project.rollout, this.values);
    const request = { ...configuration.request, ...(throughTier !== undefined && { throughTier }) };
    const plan = await planRun(this.project, { ...configuration, request }, () => undefined);
    const inputs = tierInputs(plan, { ...configuration, request }, "tiers").map((each, index, all) =>
      index ? { ...each, previous: `tier-${all[index - 1].tier}` } : each,
    );
    return { run: plan.run, inputs };
  }

  /** The preview: everything that refuses before anything is done. Gives the inputs that passed. */
  private async judge(): Promise<TierInputs[]> {
    const { run, inputs } = await this.plan();
    const failures = inputs.flatMap((each) => check(this.known(each.tier) ?? {}, this.chained(each)).failures);
    if (failures.length) throw new RolloutError(failures.map(({ reason }) => reason).join("\n"));
    if (run.verdict !== "PASS") throw new RolloutError(listStops(run.stops));
    for (const each of inputs) this.differs(each);
    return inputs;
  }

  private differs(inputs: TierInputs): boolean {
    const known = this.known(inputs.tier);
    return known !== undefined && diff("id", known, this.chained(inputs)).changes === true;
  }

  /** Every tier is handed what the first one minted, if that is known. */
  private chained(inputs: TierInputs): TierInputs {
    const { rollout } = this.project;
    const first = this.state.find(({ tier }) => isFirstTier(rollout, tier));
    return !isFirstTier(rollout, inputs.tier) && first ? { ...inputs, rolloutId: first.rolloutId } : inputs;
  }

  private async apply(inputs: TierInputs): Promise<void> {
    const news = this.chained(inputs);
    const known = this.known(inputs.tier);
    if (known && !this.differs(inputs)) return;
    const { outs } = known ? await update("id", known, news) : await create(news);
    if (!outs) throw new Error("A hook gave no outputs.");
    const others = this.state.filter(({ tier }) => tier !== inputs.tier);
    const place = ({ tier }: TierState) => placeOf(this.project.rollout, tier);
    this.state = [...others, outs].sort((one, other) => place(one) - place(other));
    await this.project.after?.(outs);
  }

  private async rollBack(goes: (state: TierState) => boolean): Promise<void> {
    for (const each of [...this.state].filter(goes).reverse()) {
      await deleteTier(each);
      this.state = this.state.filter(({ tier }) => tier !== each.tier);
    }
  }
}

/** Our own commands ask the database at the end whether a state that had lost tiers has left them there. */
async function requireNothingLeft(rollout: Rollout, last: number): Promise<void> {
  const { rows } = await askLedger(rollout, "states");
  const left = rows.flatMap(({ tier }) => (isAfter(rollout, tier, last) ? tier : []));
  if (left.length) throw new RolloutError(`The database still carries tiers ${left.join(", ")}.`);
}
