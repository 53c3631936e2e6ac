import { messageOf } from "../model/errors";
import { bindGates, type GateResult, holds, type Parameters } from "../model/gates";
import { bare, inOrder, type Rollout } from "../model/rollout";
import { isDatabaseError } from "../postgres/sqlstate";
import { takeReadings, takeTold } from "../postgres/probe";
import type { Session } from "../postgres/session";
import { standingTiers } from "../ledger/presence";
import { loadQuery } from "../release/query";
import type { Project } from "../release/release";
import { watching } from "./readiness";

/** A gate of the closing tier, as it is now. */
export interface VerifiedGate extends GateResult {
  readonly holds: boolean;
  readonly meaning: string;
  readonly remedy: string;
  /** What the probe tells beside the value, of a gate that does not hold. */
  readonly told?: string;
}

/** A view of the user interface, read as a whole. */
export interface ReadView {
  readonly view: string;
  /** How many rows were read; none where it cannot be. */
  readonly rows?: number;
  readonly failure?: string;
  /** The tier that makes it. */
  readonly madeBy?: number;
}

/** What a rollout promises, as it is now. */
export interface Verification {
  readonly database: string;
  /** Tiers that write and stand. */
  readonly tiers: readonly number[];
  readonly gates: readonly VerifiedGate[];
  readonly views: readonly ReadView[];
}

/**
 * Measures the gates of the closing tier and reads what the user interface reads, at any time. Reads only. Throws a RolloutError
 * when the database cannot be read; a view that cannot be is a difference.
 */
export function verifyRollout(project: Project, parameters: Parameters): Promise<Verification> {
  const { root } = project;
  const rollout = inOrder(project.rollout);
  return watching(project, parameters, "verification", async (session) => ({
    database: session.target.database,
    tiers: (await standingTiers(session, rollout)).map(({ tier }) => tier),
    gates: await verifyGates(session, rollout, parameters, await loadQuery(root, rollout.probe)),
    views: await readViews(session, project),
  }));
}

async function verifyGates(
  session: Session,
  rollout: Rollout,
  parameters: Parameters,
  probe: string,
): Promise<VerifiedGate[]> {
  const closing = rollout.tiers.at(-1);
  const bound = closing ? bindGates(rollout, closing, parameters).filter(({ at }) => at === "exit") : [];
  const readings = await takeReadings(
    session,
    probe,
    bound.map(({ name }) => name),
  );
  const results = bound.map((gate) => ({ ...gate, measured: readings[gate.name] ?? null }));
  const failed = results.filter((gate) => !holds(gate)).map(({ name }) => name);
  const told = await takeTold(session, probe, failed);
  return results.map((gate) => {
    const { meaning = "", remedy = "" } =
      closing?.gates.find(({ at, name }) => at === "exit" && name === gate.name) ?? {};
    const more = told.get(gate.name);
    return { ...gate, holds: holds(gate), meaning, remedy, ...(more !== undefined && { told: more }) };
  });
}

/** All at once, as the contract's file does; one by one where it fails, so that each that cannot be read is named. */
async function readViews(session: Session, { root, rollout }: Project): Promise<ReadView[]> {
  if (rollout.readContract === undefined) return [];
  const contract = await loadQuery(root, rollout.readContract);
  const views = [...contract.matchAll(/\bFROM (\w+\.\w+) AS\b/g)].map(([, name = ""]) => name);
  const made = (view: string): Pick<ReadView, "madeBy"> => {
    const maker = rollout.tiers.find(({ delta }) => delta.objects.view?.includes(view));
    return maker ? { madeBy: maker.tier } : {};
  };
  const counts = await countRows(session, contract);
  if (counts) return views.map((view) => ({ view, rows: counts.get(bare(view)) ?? 0, ...made(view) }));
  const read: ReadView[] = [];
  for (const view of views) read.push({ view, ...(await readView(session, view)), ...made(view) });
  return read;
}

/** Rows by view; nothing where one of them cannot be read. */
async function countRows(session: Session, contract: string): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const rows = await session.query<{ view_name: string; rows: string }>(contract);
    return new Map(rows.map(({ view_name: view, rows: count }) => [view, Number(count)]));
  } catch (error) {
    if (!isReadFailure(error)) throw error;
    return undefined;
  }
}

/** Every column of every row: a bare count would let the planner leave them out. */
async function readView(session: Session, view: string): Promise<Pick<ReadView, "rows" | "failure">> {
  try {
    const [row] = await session.query<{ rows: number }>(
      `SELECT count(to_jsonb(seen))::integer AS rows FROM ${view} AS seen`,
    );
    return { rows: row?.rows ?? 0 };
  } catch (error) {
    if (!isReadFailure(error)) throw error;
    return { failure: messageOf(error) };
  }
}

/** What the server says of the view itself: not of a lock, a time-out or the connection. */
function isReadFailure(error: unknown): boolean {
  return isDatabaseError(error) && !/^(08|53|55P03|57|58)/.test(error.code ?? "");
}
