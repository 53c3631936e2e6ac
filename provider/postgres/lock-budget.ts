import { PULUMI } from "../model/command";
import { RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import { connectObserver, type Session } from "./session";

/** How often the locks are looked at, in milliseconds. */
const LOOK_MS = 50;

/** Modes that make an application's reads or writes wait. */
const STRONG = ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"];

/** Locks of one backend on tables that another session can see, that is, which existed before its transaction. */
const HELD = `SELECT DISTINCT c.relname AS "table"
  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE l.pid = $1 AND l.locktype = 'relation' AND l.granted AND c.relkind IN ('r', 'p')
    AND n.nspname !~ '^pg_' AND l.mode = ANY ($2)
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Watches the locks of a rehearsal from a second connection. */
export interface LockBudget {
  /** Says where the rehearsal is, for the message of a cancellation. */
  reached(step: string): void;
  /** Where the rehearsal is. */
  step(): string;
  /** Looks at once at the locks that the rehearsal holds. */
  observe(): Promise<void>;
  /** The refusal, once the rehearsal was cancelled. */
  refusal(): RolloutError | undefined;
  /** Ends the watch. Gives the tables on which a strong lock was seen, and for how long, in milliseconds. */
  stop(): Promise<{ tables: readonly string[]; heldFor: number }>;
}

/** Cancels what `rehearsing` runs once it has held a strong lock on an existing table for over `budget` milliseconds. */
export async function watchLocks(rehearsing: Session, budget: number): Promise<LockBudget> {
  const observer = await connectObserver(rehearsing, "guard");
  const tables = new Set<string>();
  let step = "the start";
  let since: number | undefined;
  let heldFor = 0;
  let refusal: RolloutError | undefined;

  const look = async () => {
    const held = await observer.query<{ table: string }>(HELD, [rehearsing.pid, STRONG]);
    for (const { table } of held) tables.add(inLine(table));
    if (held.length) since ??= performance.now();
    if (since !== undefined) heldFor = Math.round(performance.now() - since);
    if (heldFor <= budget || refusal) return;
    refusal = overBudget(step, tables, heldFor, budget);
    // A login may cancel its own sessions, whatever role they have taken; that role may not.
    await observer.query("RESET ROLE");
    await observer.query("SELECT pg_cancel_backend($1)", [rehearsing.pid]);
  };
  let looking: Promise<void> | undefined;
  const observe = () =>
    (looking ??= look()
      .catch(() => undefined)
      .finally(() => (looking = undefined)));
  const timer = setInterval(() => void observe(), LOOK_MS);
  return {
    reached: (where) => void (step = where),
    step: () => step,
    observe,
    refusal: () => refusal,
    async stop() {
      clearInterval(timer);
      await looking;
      await observer.close();
      return { tables: [...tables].sort(), heldFor };
    },
  };
}

function overBudget(step: string, tables: ReadonlySet<string>, heldFor: number, budget: number): RolloutError {
  return new RolloutError(
    `The rehearsal was cancelled at ${step}: it held a strong lock on ${[...tables].sort().join(", ")} for ${heldFor} ms, ` +
      `more than the hold budget of ${budget} ms. Nothing was changed. Rehearse at a quieter time, or raise it: ` +
      `${PULUMI} config set holdBudget 5s`,
  );
}
