import { setTimeout as sleep } from "node:timers/promises";
import { PULUMI } from "../model/command";
import { RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import { type Blocker, describeBlocker, describeBlockers, someAreThere } from "./blockers";
import { look, type Sight, type Victim } from "./guard-sight";
import { type Holds, trackHolds } from "./holds";
import { pauseFor } from "./interruption";
import { connectObserver, type Session } from "./session";
import { ConnectionLost, GAVE_WAY } from "./sqlstate";

/** Says something to the operator at once. */
export type Log = (line: string) => void;

/** When the second connection is opened: many transactions are over sooner, and nobody can have waited long. Milliseconds. */
const OPEN_MS = 100;

/** How often it looks, in milliseconds. */
const LOOK_MS = 25;

/** How long another session may wait for us, in milliseconds. */
const PATIENCE_MS = 200;

/**
 * How long an answer of the second connection is waited for once the transaction is to end, in milliseconds: the transaction idles
 * meanwhile, and the server ends it when it does for too long. A cancellation that arrives later fails its COMMIT as a whole.
 */
const LAST_LOOK_MS = 500;

/** How often it asks whether others have ended, while nothing is tried, in milliseconds. */
const OUTLAST_MS = 100;

/**
 * Watches one try of a transaction from a second connection, because whoever waits cannot ask for whom: who is in its way,
 * on which existing tables it holds a strong lock for how long, and who waits for it. It cancels what runs there once
 * another session has waited too long or a hold budget is used up.
 */
export interface Guard {
  /** When it began to watch, and until when what it watches is to be tried: times of `performance.now()`. */
  readonly began: number;
  readonly deadline: number;
  /** Says where the transaction is, for the message of a cancellation. */
  reached(step: string): void;
  /** Where the transaction is. */
  step(): string;
  /** From now on a strong lock on an existing table may be held for `budget` milliseconds. Throws when nobody can watch that. */
  limitHolds(budget: number): Promise<void>;
  /** Looks at once. */
  observe(): Promise<void>;
  /** Why it cancelled. A cancellation that comes between two statements stops none of them. */
  refusal(): RolloutError | undefined;
  /** Cancels nothing from now on, so that the transaction can be ended; gives the refusal, if there is one. */
  disarm(): Promise<RolloutError | undefined>;
  /** Watches on after `disarm`, as if it had not cancelled: what others waited for was given back, and the transaction goes on. */
  resume(): Promise<void>;
  /** Existing tables on which it held a strong lock when it was looked at last. */
  holding(): readonly string[];
  /** The longest that a strong lock was held on each existing table, in milliseconds. */
  holds(): ReadonlyMap<string, number>;
  /** Who was in the way last. */
  blockers(): readonly Blocker[];
  /**
   * Waits until these have ended their transactions, not less than until `earliest`, and until `deadline` at the latest, times of
   * `performance.now()`; until it refuses, where it still watches.
   */
  outlast(blockers: readonly Blocker[], deadline: number, earliest?: number): Promise<void>;
  /** Closes the second connection. */
  end(): Promise<void>;
}

/** Begins to watch. Where the second connection cannot be had, time-outs alone bound a transaction that sets no hold budget. */
export function guard(watched: Session, log: Log, deadline = Infinity): Guard {
  const ending = new AbortController();
  const holds = trackHolds();
  let step = "the start";
  let budget: number | undefined;
  let refusal: RolloutError | undefined;
  let armed = true;
  let seen: readonly Blocker[] = [];
  let connecting: Promise<Session> | undefined;
  let looking: Promise<void> | undefined;

  const connected = () => (connecting ??= connectObserver(watched, "guard"));
  const judge = ({ victims }: Sight) => {
    if (refusal) return;
    const { heldFor } = holds.current();
    if (budget !== undefined && heldFor > budget) refusal = overBudget(step, holds, budget);
    else if (victims.length) refusal = gaveWay(step, victims);
  };
  const lookOnce = async () => {
    const observer = await connected();
    const sight = await look(observer, watched.pid, { patience: PATIENCE_MS, holds: budget !== undefined }).catch(
      (error: unknown) => {
        // The next look is from another connection.
        if (error instanceof ConnectionLost) connecting = void observer.close();
        throw error;
      },
    );
    holds.see(sight.held);
    if (sight.blockers.length && !seen.length) log(`Waiting for a lock held by ${describeBlockers(sight.blockers)}`);
    if (sight.blockers.length) seen = sight.blockers;
    if (!armed) return;
    judge(sight);
    if (refusal) await cancel(observer, watched.pid, () => armed);
  };
  const observe = () =>
    (looking ??= lookOnce()
      .catch(() => undefined)
      .finally(() => (looking = undefined)));
  const watching = watch(observe, ending.signal);

  return {
    began: performance.now(),
    deadline,
    reached: (where) => void (step = where),
    step: () => step,
    async limitHolds(milliseconds) {
      await connected();
      budget = milliseconds;
    },
    observe,
    refusal: () => refusal,
    async disarm() {
      armed = false;
      await bounded(looking);
      return refusal;
    },
    async resume() {
      // A cancellation that is still under way would stop what comes next.
      await looking;
      refusal = undefined;
      armed = true;
    },
    holding: () => holds.current().tables,
    holds: () => holds.longest(),
    blockers: () => seen,
    async outlast(blockers, until, earliest = 0) {
      // Asked on the session that waits, which the server would end if it idled for long.
      const areThere = async () =>
        (await someAreThere(watched, blockers).catch(() => false)) || performance.now() < earliest;
      while (performance.now() < until && !(armed && refusal) && (await areThere())) {
        await pauseFor(armed ? LOOK_MS : OUTLAST_MS);
      }
    },
    async end() {
      ending.abort();
      await bounded(looking);
      await bounded(
        connecting?.then(
          (observer) => observer.close(),
          () => undefined,
        ),
      );
      await bounded(watching);
    },
  };
}

/** Waits for it, but not for long. */
async function bounded(work: Promise<void> | undefined): Promise<void> {
  await Promise.race([work, sleep(LAST_LOOK_MS, undefined, { ref: false })]);
}

/** Looks again and again until the end is signalled. */
async function watch(observe: () => Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await sleep(OPEN_MS, undefined, { signal });
    for (;;) {
      await observe();
      await sleep(LOOK_MS, undefined, { signal });
    }
  } catch {
    // The end.
  }
}

/** A login may cancel its own sessions, whatever role they have taken; that role may not. */
async function cancel(observer: Session, pid: number, isArmed: () => boolean): Promise<void> {
  await observer.query("RESET ROLE");
  if (isArmed()) await observer.query("SELECT pg_cancel_backend($1)", [pid]);
}

function overBudget(step: string, holds: Holds, budget: number): RolloutError {
  const { tables, heldFor } = holds.current();
  return new RolloutError(
    `The rehearsal was cancelled at ${step}: it held a strong lock on ${tables.join(", ")} for ${heldFor} ms, ` +
      `more than the hold budget of ${budget} ms. Nothing was changed. Rehearse at a quieter time, or raise it: ` +
      `${PULUMI} config set holdBudget ${budget * 2}ms`,
  );
}

function gaveWay(step: string, victims: readonly Victim[]): RolloutError {
  const waiting = victims.map(
    (victim) => `${describeBlocker(victim)}, on ${inLine(victim.wants)} for ${victim.waited} ms`,
  );
  return new RolloutError(
    `Gave way at ${step}, and rolled back, because others waited for us: ${waiting.join(" | ")}`,
    GAVE_WAY,
  );
}
