import fc from "fast-check";
import { type Rollout, writes } from "../../../provider/model/rollout";
import type { TierState } from "../../../provider/model/tier-inputs";
import { catalogAndRows, differences, type Snapshot } from "../database/compare";
import { ALL } from "../faults/random";
import { shapeOf } from "../pulumi/outcome";
import { type Command, run, type Setting } from "./engine";
import { within } from "./worlds";

/*
 * What operators, the application and bad luck do to a rollout, one after the other, beside a model that says how each must
 * end. The model knows nothing of how it is done: only which tiers are where, and what stands in the way.
 */

export interface Model {
  /** How many of the tiers that write are applied. */
  applied: number;
  /** How many tiers the stack's state knows: of those some may be gone from the database, and others there may be unknown. */
  known: number;
  signed: boolean;
  /** A row of the second tier that writes was changed. */
  drifted: boolean;
  /** The text of that tier's file in the project, and the one with which it was applied. */
  file: "original" | "edited";
  appliedFile: "original" | "edited" | undefined;
}

export const untouched = (): Model => ({
  applied: 0,
  known: 0,
  signed: true,
  drifted: false,
  file: "original",
  appliedFile: undefined,
});

/** What the model is told of a rollout: how its tiers follow each other, when it asks for a signature, and what others do to it. */
export interface Outline {
  readonly rollout: Rollout;
  /** Whether a run through so many tiers asks for the signature where so many that write are applied. */
  readonly asks: (through: number, applied: number) => boolean;
  /** People sign here, and withdraw: no command does. */
  readonly signatures: string;
  readonly sql: Readonly<Record<"signed" | "withdrawn" | "drifted" | "repaired", string>>;
  /** Rolls the last of so many tiers that write back by psql, where its files know the ledger. */
  readonly byHand?: (applied: number) => string;
}

/** The database at every stage, the project's folder by what its file says, and the stack's state. */
export interface Real {
  readonly outline: Outline;
  readonly setting: Setting;
  readonly roots: Readonly<Record<Model["file"], string>>;
  readonly stages: readonly Snapshot[];
  state: readonly TierState[];
}

/** The tier that drifts and is edited, by its place among those that write. */
const SPOILED = 2;

/** What must come of a command: a refusal, or the model as it is afterwards. */
type Expected = "refused" | Partial<Model>;

/** How many of the first tiers write. */
function written({ rollout }: Outline, through: number): number {
  return rollout.tiers.slice(0, through).filter(writes).length;
}

/** Whether nothing stands in the way of so many tiers. */
function mayGoTo(
  through: number,
  { applied, known, signed, drifted, file, appliedFile }: Model,
  outline: Outline,
): boolean {
  const edited = Math.min(written(outline, through), applied) >= SPOILED && appliedFile !== file;
  // Without the first tier the state does not know that the rollout is its own.
  const foreign = known === 0 && applied > 0;
  const unsigned = !signed && outline.asks(through, applied);
  return !(edited || foreign || unsigned || (drifted && applied >= SPOILED));
}

/** The file with which the spoiled tier is applied once so many are. */
function appliedWith({ applied, file, appliedFile }: Model, now: number): Model["appliedFile"] {
  if (now < SPOILED) return undefined;
  return applied >= SPOILED ? appliedFile : file;
}

/** A command of ours: it ends as the model says, and the database is then at the model's stage, or as it was. */
abstract class Commanded implements fc.AsyncCommand<Model, Real> {
  constructor(
    private readonly command: Command,
    protected readonly outline: Outline,
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
    const before = expected === "refused" ? await catalogAndRows(setting.url) : undefined;
    const { state, refusal } = await run(this.command, real.state, at, this.throughTier);
    const after = await catalogAndRows(setting.url);
    real.state = state;
    if ((expected === "refused") !== (refusal !== undefined)) {
      throw new Error(`${this.toString()} on ${JSON.stringify(model)}: ${refusal?.message ?? "not refused"}`);
    }
    if (expected !== "refused") Object.assign(model, expected);
    const wrong = before
      ? differences(before, after)
      : differences(real.stages[model.applied], shapeOf(after)).filter(
          (line) => !line.includes(this.outline.signatures),
        );
    if (wrong.length) throw new Error(`${this.toString()} on ${JSON.stringify(model)}:\n${wrong.join("\n")}`);
  }

  toString(): string {
    return this.throughTier === undefined ? this.command : `${this.command} (through tier ${this.throughTier})`;
  }
}

class Preview extends Commanded {
  constructor(outline: Outline) {
    super("preview", outline);
  }
  protected expected(model: Model): Expected {
    return mayGoTo(this.outline.rollout.tiers.length, model, this.outline) ? {} : "refused";
  }
}

class Up extends Commanded {
  constructor(
    outline: Outline,
    private readonly through: number,
  ) {
    super("up", outline, outline.rollout.tiers[through - 1].tier);
  }
  protected expected(model: Model): Expected {
    const wanted = written(this.outline, this.through);
    // Of the tiers to roll back the state has to know one, at least: it takes along what is above it.
    const wouldStay = wanted < model.applied && model.known <= this.through;
    if (!mayGoTo(this.through, model, this.outline) || wouldStay) return "refused";
    return { applied: wanted, known: this.through, appliedFile: appliedWith(model, wanted) };
  }
}

/** Killed after the COMMIT of the first tier, but the very first, that the run has to apply, and before the state is written. */
class KilledUp extends Commanded {
  constructor(outline: Outline) {
    super("killed up", outline);
  }
  protected expected(model: Model): Expected {
    const { tiers } = this.outline.rollout;
    if (!mayGoTo(tiers.length, model, this.outline)) return "refused";
    const isThere = (place: number) => place <= model.known && written(this.outline, place) <= model.applied;
    const next = tiers.findIndex((_, index) => index > 0 && !isThere(index + 1)) + 1;
    const applied = Math.max(model.applied, written(this.outline, next || 1));
    return { applied, known: Math.max(1, model.known), appliedFile: appliedWith(model, applied) };
  }
}

class Destroy extends Commanded {
  protected expected({ applied, known, drifted }: Model): Expected {
    if (known === 0) return this.toString() === "destroy" && applied > 0 ? "refused" : {};
    return drifted && applied >= SPOILED ? "refused" : { applied: 0, known: 0, appliedFile: undefined };
  }
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

const events = ({ sql }: Outline) => [
  new Happens(
    "the signature is withdrawn",
    ({ signed }) => signed,
    () => sql.withdrawn,
    () => ({ signed: false }),
  ),
  new Happens(
    "the owner signs",
    ({ signed }) => !signed,
    () => sql.signed,
    () => ({ signed: true }),
  ),
  new Happens(
    "a row of a tier changes",
    ({ applied, drifted }) => applied >= SPOILED && !drifted,
    () => sql.drifted,
    () => ({ drifted: true }),
  ),
  new Happens(
    "the row is as it was",
    ({ drifted }) => drifted,
    () => sql.repaired,
    () => ({ drifted: false }),
  ),
  new Happens(
    "the file of a tier is edited, or restored",
    () => true,
    () => "SELECT",
    ({ file }) => ({ file: file === "original" ? "edited" : "original" }),
  ),
];

/** What is measured then, a changed row may fail: only where none has it always succeeds. */
const byHand = (rollback: (applied: number) => string) =>
  new Happens(
    "the last tier is rolled back by hand",
    ({ applied, drifted }) => applied > 0 && !drifted,
    ({ applied }) => rollback(applied),
    (model) => ({ applied: model.applied - 1, appliedFile: appliedWith(model, model.applied - 1) }),
  );

/** Sequences of what may happen to a rollout; most are short, as long as nobody waits for every one of them. */
export function sequences(outline: Outline) {
  const one = <Command>(command: Command) => fc.constant(command);
  return fc.commands<Model, Real, false>(
    [
      one(new Preview(outline)),
      fc.integer({ min: 1, max: outline.rollout.tiers.length }).map((through) => new Up(outline, through)),
      one(new KilledUp(outline)),
      one(new Destroy("destroy", outline)),
      one(new Destroy("plain destroy", outline)),
      ...events(outline).map(one),
      ...(outline.byHand ? [one(byHand(outline.byHand))] : []),
    ],
    { maxCommands: 8, size: ALL ? "max" : "small" },
  );
}
