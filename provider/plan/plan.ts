import type { Context } from "../context";
import type { DeclareAccess } from "../model/access";
import type { Configuration, RunRequest } from "../model/configuration";
import { wantsProfile } from "../model/command";
import { describeStop, show } from "../model/describe";
import { RolloutError } from "../model/errors";
import type { Intent } from "../model/outcome";
import type { TierReport } from "../model/report";
import { stopsOf } from "../model/findings";
import { isAfter, type Readings, type TierDeclaration, writes } from "../model/rollout";
import type { ReleaseIdentity, RunVerdict, Target } from "../model/tier-inputs";
import { whyUnapproved } from "../postgres/acting";
import { takeSnapshot } from "../postgres/catalog-snapshot";
import { takeReadings, takeTold } from "../postgres/probe";
import type { Guard, Log } from "../postgres/guard";
import { retried } from "../postgres/retry";
import { connect } from "../postgres/session";
import { sessionSettings } from "../postgres/session-settings";
import { mayNotWrite } from "../postgres/sqlstate";
import { inTurn } from "../postgres/turn";
import { verifyUnrecorded } from "../execute/adopt";
import { TierRefused } from "../execute/apply";
import { tellGivenUp } from "../ledger/given-up";
import { identifyRelease } from "../release/manifest";
import { loadRelease, type Project } from "../release/release";
import { judgeAccess } from "./access";
import { intentOf } from "./intent";
import { type LedgerStatus, resolvePending } from "./pending";
import { type PlannedTier, plannedTier } from "./planned-tier";
import { rehearse, unrehearsed } from "./rehearsal";
import { judgeRun } from "./verdict";

/** The whole run, rehearsed. */
export interface Plan {
  readonly target: Target;
  readonly tiers: readonly PlannedTier[];
  readonly run: RunVerdict;
  readonly readings: Readings;
  readonly intent: Intent;
}

/**
 * Reads the release, connects, takes the readings, asks the ledger and rehearses what the run would do, up or down, in
 * one transaction that is rolled back. Throws a RolloutError when the target is out of reach, when the ledger is
 * broken, or when a rollback that the run implies would be refused.
 */
export async function planRun(
  { root, rollout, access }: Project,
  { parameters, request, options }: Configuration,
  log: Log,
): Promise<Plan> {
  const [release, identity] = await Promise.all([
    loadRelease({ root, rollout, parameters }),
    identifyRelease(root, request.release),
  ]);
  const session = await connect({
    application: `${rollout.name} rollout rehearsal`,
    settings: sessionSettings(rollout, parameters, options),
    statementTimeout: options.statementTimeout,
    roles: rollout.roles,
  });
  const context: Context = { session, release, parameters, options, log };
  try {
    // Who may not write only looks, and may have been made to: what is read-only for its role says nothing of the server.
    if (whyUnapproved(session)) {
      await session.query("SELECT pg_catalog.set_config($1, 'on', false)", [`${rollout.noticeSchema}.watching`]);
    }
    // One at a time: a rehearsal beside another run would measure what is not there to stay.
    return await inTurn(context, rollout, () =>
      tellGivenUp(context, () =>
        retried(context, "the first readings", (guard) => plan(context, guard, identity, { request, access })),
      ),
    );
  } finally {
    await session.close();
  }
}

async function plan(
  context: Context,
  guard: Guard,
  identity: ReleaseIdentity,
  { request, access: declare }: { readonly request: RunRequest; readonly access?: DeclareAccess | undefined },
): Promise<Plan> {
  const { session, release } = context;
  const readings = await takeReadings(session, release.probe);
  const status = await resolvePending(context, request);
  const adopted = await verifyAdopted(context, status, readings);
  const { reports: rehearsed, why = "" } = await rehearseOrSayWhyNot(context, guard, status, { request, readings });
  const reports = [...adopted, ...rehearsed];
  const tiers = release.tiers
    .filter(({ declaration }) => !isAfter(release.rollout, declaration.tier, request.throughTier))
    .map((scripts) => plannedTier(context, scripts, status, reports));
  const first = firstWriting(status);
  const findings = first === undefined ? [] : await judgeAccess(context, identity.release, request, declare);
  const access = stopsOf("access", first ?? 0, findings);
  const run = judgeRun(status, { rollout: release.rollout, reports, access }, identity, request);
  return { target: session.target, tiers, readings, run, intent: intentOf(status, tiers, run, why) };
}

/** The first tier that this run writes. The way back asks for no approval of a release: it needs the right to write, no more. */
function firstWriting({ pending, adopted }: LedgerStatus): number | undefined {
  return [...adopted, ...pending].find(({ declaration }) => writes(declaration))?.declaration.tier;
}

async function verifyAdopted(context: Context, { adopted }: LedgerStatus, readings: Readings): Promise<TierReport[]> {
  if (!adopted.length) return [];
  const snapshot = await takeSnapshot(context.session, context.release.rollout.ledgerSchema);
  const reports: TierReport[] = [];
  for (const { declaration } of adopted) {
    reports.push(await verifyUnrecorded(context, declaration, { snapshot, readings }));
  }
  return reports;
}

async function rehearseOrSayWhyNot(
  context: Context,
  guard: Guard,
  status: LedgerStatus,
  { request, readings }: { readonly request: RunRequest; readonly readings: Readings },
): Promise<{ reports: TierReport[]; why?: string }> {
  const without = async (why: string, evidence = "") => {
    const open = status.toRollBack.length > 0 || firstWriting(status) !== undefined;
    context.log(`${open ? "NOT REHEARSED" : "Nothing that writes is left to rehearse"}: ${why}${evidence}.`);
    const taken = Object.entries(readings).map(([name, reading]) => `${name} ${show(reading)}`);
    if (wantsProfile()) context.log(`Readings: ${taken.join(", ")}`);
    await tellEntry(context, status.pending[0]?.declaration ?? {});
    return { reports: unrehearsed(context, status.pending, readings), why };
  };
  if (!request.rehearse) return without("the configuration says rehearse: false");
  const unapproved = whyUnapproved(context.session);
  if (unapproved) return without(unapproved);
  try {
    return { reports: await rehearse(context, guard, status) };
  } catch (error) {
    if (!mayNotWrite(error) || !(error instanceof RolloutError)) throw error;
    const reason = error instanceof TierRefused ? error.report.stops.map(describeStop).join("; ") : error.message;
    return without("this login may not write", ` (${reason})`);
  }
}

/** Says at once what the probe tells beside the values that a tier's entry gates judge. A tier that runs tells it itself. */
async function tellEntry({ session, release, log }: Context, { gates = [] }: Partial<TierDeclaration>): Promise<void> {
  const names = gates.filter(({ at }) => at === "entry").map(({ name }) => name);
  for (const [name, told] of await takeTold(session, release.probe, names)) log(`${name}: ${told}`);
}
