import fc from "fast-check";
import type { TierState } from "../../../provider/model/tier-inputs";
import { catalogAndRows, differences, type Snapshot } from "../database/compare";
import { rollbackFile, text, type Tier } from "../database/files";
import { shapeOf } from "../pulumi/outcome";
import { type Command, run, type Setting } from "./engine";
import { within } from "./worlds";

/*
 * What operators, the application and bad luck do to a rollout, one after the other, beside a model that says how each must
 * end. The model knows nothing of how it is done: only which tiers are where, and what stands in the way.
 */

export interface Model {
  /** The last tier that is applied. */
  applied: 0 | Tier;
  /** The last tier that the stack's state knows: it may be gone from the database, or others there may be unknown. */
  known: number;
  signed: boolean;
  /** A row of tier 2 was changed. */
  drifted: boolean;
  /** The text of tier 2's file in the project, and the one with which it was applied. */
  file: "original" | "edited";
  appliedFile: "original" | "edited" | undefined;
}

export const untouched = (): Model => ({
  applied: 0,
  known: -1,
  signed: true,
  drifted: false,
  file: "original",
  appliedFile: undefined,
});

/** The database at every stage, the project's folder by what its file says, and the stack's state. */
export interface Real {
  readonly setting: Setting;
  readonly roots: Readonly<Record<Model["file"], string>>;
  readonly stages: readonly Snapshot[];
  state: readonly TierState[];
}

/** People sign here, and withdraw: no command does. */
const APPROVALS = "os_proposal_approvals";

/** What must come of a command: a refusal, or the model as it is afterwards. */
type Expected = "refused" | Partial<Model>;

/** A command of ours: it ends as the model says, and the database is then at the model's stage, or as it was. */
abstract class Commanded implements fc.AsyncCommand<Model, Real> {
  constructor(
    private readonly command: Command,
    private readonly throughTier?: number,
  ) {}
  check(): boolean {
    return true;
  }
  protected abstract expected(model: Readonly<Model>): Expected;

  async run(model: Model, real: Real): Promise<void> {
    const expected = this.expected(model);
    const { setting, roots } = real;
    const at = { ...setting, root: roots[model.file] };
    const before = await catalogAndRows(setting.url);
    const { state, refusal } = await run(this.command, real.state, at, this.throughTier);
    const after = await catalogAndRows(setting.url);
    real.state = state;
    if ((expected === "refused") !== (refusal !== undefined)) {
      throw new Error(`${this.toString()} on ${JSON.stringify(model)}: ${refusal?.message ?? "not refused"}`);
    }
    if (expected !== "refused") Object.assign(model, expected);
    const wrong = refusal
      ? differences(before, after)
      : differences(real.stages[model.applied], shapeOf(after)).filter((line) => !line.includes(APPROVALS));
    if (wrong.length) throw new Error(`${this.toString()} on ${JSON.stringify(model)}:\n${wrong.join("\n")}`);
  }

  toString(): string {
    return this.throughTier === undefined ? this.command : `${this.command} (through tier ${this.throughTier})`;
  }
}

class Preview extends Commanded {
  constructor() {
    super("preview");
  }
  protected expected(model: Model): Expected {
    return mayGoTo(8, model) ? {} : "refused";
  }
}

class Up extends Commanded {
  constructor(private readonly through: 0 | Tier | 8) {
    super("up", through);
  }
  protected expected(model: Model): Expected {
    const wanted = Math.min(this.through, 6) as 0 | Tier;
    const { applied, known, file, appliedFile } = model;
    // Of the tiers to roll back the state has to know one, at least: it takes along what is above it.
    const wouldStay = wanted < applied && known <= wanted;
    if (!mayGoTo(this.through, model) || wouldStay) return "refused";
    const written = wanted >= 2 ? (applied >= 2 ? appliedFile : file) : undefined;
    return { applied: wanted, known: this.through, appliedFile: written };
  }
}

/** Killed after the COMMIT of the next tier that the state does not know, and before the state is written. */
class KilledUp extends Commanded {
  constructor() {
    super("killed up");
  }
  protected expected(model: Model): Expected {
    const { applied, known, file, appliedFile } = model;
    if (!mayGoTo(8, model)) return "refused";
    const next = Math.max(0, known) + 1;
    if (next > 6) return {};
    const now = Math.max(applied, next) as Tier;
    return {
      applied: now,
      known: Math.max(0, known),
      appliedFile: applied >= 2 ? appliedFile : now >= 2 ? file : undefined,
    };
  }
}

class Destroy extends Commanded {
  protected expected({ applied, known, drifted }: Model): Expected {
    if (known < 0) return this.toString() === "destroy" && applied > 0 ? "refused" : {};
    return drifted && applied >= 2 ? "refused" : { applied: 0, known: -1, appliedFile: undefined };
  }
}

/** Whether nothing stands in the way of the tiers through this one. */
function mayGoTo(through: number, { applied, known, signed, drifted, file, appliedFile }: Model): boolean {
  const edited = Math.min(through, applied) >= 2 && appliedFile !== file;
  // Without the first tier the state does not know that the rollout is its own.
  const foreign = known < 0 && applied > 0;
  // The first tier, which asks for the approval, belongs to every beginning, and the last one to every end.
  const unsigned = !signed && (through > applied || applied === 0 || through === 8);
  return !(edited || foreign || unsigned || (drifted && applied >= 2));
}

/** Something that others do; it always succeeds. */
class Happens implements fc.AsyncCommand<Model, Real> {
  constructor(
    private readonly what: string,
    readonly check: (model: Readonly<Model>) => boolean,
    private readonly sql: (model: Readonly<Model>) => string,
    private readonly then: (model: Readonly<Model>) => Partial<Model>,
  ) {}
  async run(model: Model, { setting }: Real): Promise<void> {
    await within(setting.url, this.sql(model));
    Object.assign(model, this.then(model));
  }
  toString(): string {
    return this.what;
  }
}

const drift = (status: string) => () =>
  `UPDATE public.axis_value SET status = '${status}' WHERE axis_code = 'responsibility' AND value_code = 'audit'`;

const EVENTS = {
  withdrawn: new Happens(
    "the approval is withdrawn",
    ({ signed }) => signed,
    () => `DELETE FROM public.${APPROVALS}`,
    () => ({ signed: false }),
  ),
  signed: new Happens(
    "the owner signs",
    ({ signed }) => !signed,
    () => text("sql/baseline/sign.sql"),
    () => ({ signed: true }),
  ),
  drifts: new Happens(
    "a row of tier 2 changes",
    ({ applied, drifted }) => applied >= 2 && !drifted,
    drift("deprecated"),
    () => ({ drifted: true }),
  ),
  repaired: new Happens(
    "the row of tier 2 is as it was",
    ({ drifted }) => drifted,
    drift("active"),
    () => ({ drifted: false }),
  ),
  byHand: new Happens(
    "the last tier is rolled back by hand",
    // By hand nobody asks whether a row has changed.
    ({ applied, drifted }) => applied > 0 && !(drifted && applied <= 2),
    ({ applied }) => text(rollbackFile(applied as Tier)),
    ({ applied, appliedFile }) => ({
      applied: (applied - 1) as Model["applied"],
      appliedFile: applied > 2 ? appliedFile : undefined,
    }),
  ),
  edited: new Happens(
    "the file of tier 2 is edited, or restored",
    () => true,
    () => "SELECT",
    ({ file }) => ({ file: file === "original" ? "edited" : "original" }),
  ),
};

const LAST = [0, 1, 2, 3, 4, 5, 6, 8] as const;

/** Sequences of what may happen, so long at most. */
export function sequences(maxCommands: number) {
  const one = <Command>(command: Command) => fc.constant(command);
  return fc.commands<Model, Real, false>(
    [
      one(new Preview()),
      fc.constantFrom(...LAST).map((through) => new Up(through)),
      one(new KilledUp()),
      one(new Destroy("destroy")),
      one(new Destroy("plain destroy")),
      ...Object.values(EVENTS).map(one),
    ],
    { maxCommands },
  );
}
