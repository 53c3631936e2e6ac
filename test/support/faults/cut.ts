import type { TestDatabase } from "../database/database";
import { until } from "../until";
import { RolloutError } from "../../../provider/model/errors";
import { type Exact, exactly, inexactness } from "./exact";
import { impatiently } from "./impatience";
import type { NetworkFault, Proxy } from "./proxy";
import { replay } from "./random";
import type { Tally } from "./tally";

/** In which ways a round trip can fail. */
const WAYS: readonly Pick<NetworkFault, "moment" | "kind">[] = [
  { moment: "unsent", kind: "cut" },
  { moment: "unanswered", kind: "cut" },
  { moment: "unsent", kind: "silent" },
  { moment: "unanswered", kind: "silent" },
  { moment: "torn", kind: "cut" },
  { moment: "half answered", kind: "cut" },
];

const DONE = "done";
const REFUSED = "refused and nothing changed";
/** The server had done it all, and the answer was lost. */
const UNSEEN = "done and not answered";
const UNREACHED = "over before their fault was due";

/** How long a client waits for an answer of a network that has gone silent, in milliseconds. */
const PATIENCE_MS = 1_500;

/** How long the server keeps a session of a network that has gone silent, at most, in milliseconds. */
const ORPHANS_MS = 20_000;

/** How often that is asked, in milliseconds: most have gone at once, and many processes ask. */
const ORPHANS_POLL_MS = 100;

/** So many calls that change nothing are made for each that is made once more. */
const LOOKS_A_CHECK = 8;

/** So many round trips of a guard are cut: to open its session takes the first four, then it asks the same again and again. */
const GUARD_TRIPS = 8;

/** A call of the product that an operator would make again when it failed. */
export interface Call<Result> {
  name: string;
  run(): Promise<Result>;
  /** The same once it may have been done: the whole command, with its plan. */
  again(): Promise<Result>;
  /** What was there before it, and what it makes of that. */
  before: Exact;
  after: Exact;
}

/** A call that changes nothing, with what it returns. */
export interface Look<Result> extends Pick<Call<Result>, "name" | "run" | "before"> {
  result: Result;
}

/** Where it happens. */
export interface Site {
  db: TestDatabase;
  network: Proxy;
  tally: Tally;
}

/** In words, to be found and repeated. */
export function nameOf(call: string, { sessions, at, moment, kind }: NetworkFault): string {
  return `${call}, ${sessions === "guard" ? "guard's " : ""}round trip ${at} ${moment}, ${kind}`;
}

/** Every way to fail in every one of these round trips; one that goes silent costs seconds of waiting. */
export function faultsIn(trips: readonly string[], { silent }: { silent: boolean }): NetworkFault[] {
  const ways = WAYS.filter(({ kind }) => silent || kind === "cut");
  return trips.flatMap((_, at) => ways.map((way) => ({ ...way, at })));
}

/** The guard looks from time to time, so a call may be over before its fault is due; what it asks is always the same. */
export function guardFaultsIn(trips: readonly string[], { silent }: { silent: boolean }): NetworkFault[] {
  const kinds = silent ? (["cut", "stuck"] as const) : (["cut"] as const);
  const moments = ["unsent", "unanswered"] as const;
  const ways = kinds.flatMap((kind) => moments.map((moment) => ({ kind, moment, sessions: "guard" as const })));
  return trips.slice(0, GUARD_TRIPS).flatMap((_, at) => ways.map((way) => ({ ...way, at })));
}

/** How a call ended, as its caller was told. */
type Told<Result> = { result: Result } | { error: unknown };

/** Makes a call through a fault, and once more if it failed; what is there then must be exactly what the call is for. */
export async function throughFault<Result>(site: Site, call: Call<Result>, fault: NetworkFault): Promise<Result> {
  return naming(site, call, fault, async () => {
    const result = await twice(site, call, fault);
    if (fault.kind !== "cut") await withoutOrphans(site);
    return result;
  });
}

/** Says of whatever goes wrong in which case it did. */
async function naming<Result>(
  { tally }: Site,
  { name }: Pick<Call<unknown>, "name">,
  fault: NetworkFault,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    tally.inexact();
    throw new Error(`${nameOf(name, fault)}: ${String(error)}\nTo repeat it: ${replay(nameOf(name, fault))}`, {
      cause: error,
    });
  }
}

async function twice<Result>(site: Site, call: Call<Result>, fault: NetworkFault): Promise<Result> {
  const { told, query } = await once(site, () => call.run(), fault);
  if ("result" in told) {
    await expectExactly(site, call.after);
    site.tally.count(query === undefined ? UNREACHED : DONE);
    return told.result;
  }
  requireForOperators(told.error);
  const unseen = await isDone(site, call);
  if (unseen && /nothing was changed/i.test(told.error.message)) throw told.error;
  site.tally.count(query === undefined ? UNREACHED : unseen ? UNSEEN : REFUSED);
  const result = await (unseen ? call.again() : call.run());
  await expectExactly(site, call.after);
  return result;
}

/**
 * Makes a call that changes nothing through one fault after another: each must get as far as its own fault, and nothing may
 * be changed. Some of them are followed at once by one without a fault, which must return the same as ever.
 */
export async function lookThroughFaults<Result>(
  site: Site,
  look: Look<Result>,
  faults: readonly NetworkFault[],
): Promise<void> {
  for (const [index, fault] of faults.entries()) {
    await naming(site, look, fault, async () => {
      const { told, query } = await once(site, () => look.run(), fault);
      if ("error" in told) requireForOperators(told.error);
      if ("error" in told && query === undefined && !fault.sessions) throw told.error;
      site.tally.count(query === undefined ? UNREACHED : "error" in told ? REFUSED : DONE);
      const isLast = index === faults.length - 1;
      if (isLast || index % LOOKS_A_CHECK === 0) expect(await look.run()).toEqual(look.result);
      await expectExactly(site, look.before);
      await withoutOrphans(site);
    });
    if (index % CASES_A_TIDYING === 0) await tidyUp(site.db);
  }
}

/** After so many cases the catalog is full of what was made and dropped. */
export const CASES_A_TIDYING = 25;

/** From this size on, in bytes, a table of the catalog takes long to be read. */
const UNTIDY = 2 ** 20;

/** Writes the catalog anew where it has grown: plain VACUUM would leave its tables as large, and every case takes longer then. */
export async function tidyUp(db: TestDatabase): Promise<void> {
  const grown = await db.query<{ name: string }>(
    `SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'
     AND NOT relisshared AND pg_relation_size(oid) > ${UNTIDY}`,
  );
  if (grown.length) await db.query(`VACUUM FULL ${grown.map(({ name }) => name).join(", ")}`);
}

/**
 * Until the server has given up the sessions that a silent network has left there in a transaction or with the lock, for which
 * what comes next would wait. One that was only just being opened holds nothing, and stays until its TCP gives up, after hours.
 */
async function withoutOrphans({ db }: Site): Promise<void> {
  const ours = `FROM pg_stat_activity a WHERE datname = current_database() AND application_name LIKE 'one-roof%'`;
  const holding = `${ours} AND (xact_start IS NOT NULL OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid))`;
  await until(async () => (await db.query(`SELECT ${holding}`)).length === 0, ORPHANS_MS, ORPHANS_POLL_MS);
  await db.query(`SELECT pg_terminate_backend(pid) ${ours}`);
}

/** Makes a call through a fault; tells how it ended, and what was asked where it broke. */
async function once<Result>(
  { network }: Site,
  run: () => Promise<Result>,
  fault: NetworkFault,
): Promise<{ told: Told<Result>; query: string | undefined }> {
  network.watch(fault);
  const running = (): Promise<Told<Result>> =>
    run().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  const told = await (fault.kind === "cut" ? running() : impatiently(PATIENCE_MS, running));
  const query = network.broken() ? network.trips(fault.sessions)[fault.at] : undefined;
  network.watch();
  network.heal();
  return { told, query };
}

/** What failed has to be told in words, and not as it came from the driver. */
function requireForOperators(error: unknown): asserts error is RolloutError {
  if (!(error instanceof RolloutError)) throw new Error(`not worded for an operator: ${String(error)}`);
}

/** Whether a call that failed was done all the same. It is one or the other, never something in between. */
async function isDone({ db: { url } }: Site, { before, after }: Call<unknown>): Promise<boolean> {
  const found = await exactly(url);
  // A call that only reads leaves what was there.
  const undone = inexactness(before, found);
  if (undone.length === 0) return false;
  const done = inexactness(after, found);
  if (done.length > 0) throw new Error(`half done:\n${undone.join("\n")}\nand not yet:\n${done.join("\n")}`);
  return true;
}

async function expectExactly({ db: { url } }: Site, expected: Exact): Promise<void> {
  const left = inexactness(expected, await exactly(url));
  if (left.length > 0) throw new Error(`inexact:\n${left.join("\n")}`);
}
