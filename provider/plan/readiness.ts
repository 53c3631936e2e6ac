import { type Configuration, readOptions } from "../model/configuration";
import { describeCondition } from "../model/describe";
import { describeTiers } from "../model/describe-ledger";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import { bindGates, failedGates, type GateResult, measureGates, type Parameters, valueOf } from "../model/gates";
import { inOrder, type Readings, type Rollout, type TierDeclaration } from "../model/rollout";
import { auditAccess } from "../postgres/access";
import { heldBy } from "../postgres/blockers";
import { failureOf } from "../postgres/failed";
import { guard } from "../postgres/guard";
import { takeReadings, takeTold } from "../postgres/probe";
import { connect, type Session } from "../postgres/session";
import { sessionSettings } from "../postgres/session-settings";
import { identifyRelease } from "../release/manifest";
import { loadQuery } from "../release/query";
import type { Project } from "../release/release";
import { type Blocker, type Demands, findRefusals, type Known } from "./refusals";
import { lookAtStanding } from "./standing";

/** How one gate of the first tier is spoken of in the monitor's verdict line. */
export interface BlockerToken {
  /** Short word for the reading; the gate's own name where there is none. */
  readonly subject?: string;
  /** The whole blocker, where subject, operator and wanted value would not say it well. */
  readonly blocker?: string;
  /** The parameter that says what is to be read: without it there is nothing to read. */
  readonly names?: string;
}

/** Tokens by gate. A gate without an entry speaks by its own name. */
export type BlockerTokens = Readonly<Partial<Record<string, BlockerToken>>>;

/** How a rollout is watched. */
export interface Monitor {
  readonly tokens: BlockerTokens;
  /** What a tier's file tells the readings before its entry gates, as settings, by tier. */
  readonly settings: Readonly<Partial<Record<number, Readonly<Record<string, string>>>>>;
}

/** Whether the rollout could start or go on now, with everything that would keep it from that. */
export interface Readiness {
  /** BLOCKED whenever something blocks; ROLLED OUT where all tiers stand and nothing does. */
  readonly verdict: "READY" | "BLOCKED" | "ROLLED OUT";
  readonly blockers: readonly Blocker[];
}

/** Where that is so: tiers that stand, and the one that comes next, if one is left. */
export interface Reached {
  readonly tiers: readonly number[];
  readonly next?: number;
}

/** What a monitor needs: the database that was asked, what it read there, and what follows from it. */
export interface MeasuredReadiness extends Readiness, Reached, Known {
  readonly database: string;
  readonly readings: Readings;
}

/** What a monitor asks. */
export interface Asked extends Pick<Demands, "stack" | "approval"> {
  /** Every reading, and not only what is judged. */
  readonly all?: boolean;
}

/** What a stack's configuration says of the run that would come next. */
export type Wanted = Pick<Configuration, "parameters" | "request">;

/** As sql/gate_monitor/gate_check.sh: cannot write, waits for no lock longer than 2 s. */
const READ_ONLY = { default_transaction_read_only: "on", lock_timeout: "2s", statement_timeout: "30s" };

/** Opens a session that only watches, with the rights that a run of its login would have, and closes it when `work` is done. */
export async function watching<T>(
  { rollout }: Project,
  parameters: Parameters,
  as: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const settings = {
    ...sessionSettings(rollout, parameters, readOptions({})),
    ...READ_ONLY,
    [`${rollout.noticeSchema}.watching`]: "on",
  };
  // A server of any age is told apart by its gate, as the plain SQL does. By itself the rollout's own login sees nothing.
  const session = await connect({ application: `${rollout.name} ${as}`, settings, oldest: 0, roles: rollout.roles });
  const { database } = session.target;
  const watch = guard(session, () => undefined);
  try {
    // It only sees who is in the way: what is read here is not worth a cancellation.
    await watch.disarm();
    return await work(session);
  } catch (error) {
    const failed = failureOf(error);
    throw new RolloutError(
      `Database ${database} could not be read: ${messageOf(error)}.${heldBy(watch.blockers())} Nothing was changed; try again.`,
      codeOf(error),
      // Who only reads is refused by no gate.
      { cause: error, failed: failed === "refused" ? "defect" : failed },
    );
  } finally {
    await watch.end();
    await session.close();
  }
}

/**
 * Measures on the target whether the rollout could start or go on: what its gates there judge, or with `all` every reading, and
 * whatever else a run's plan would refuse. Reads only. Throws a RolloutError when the readings cannot be taken.
 */
export function measureReadiness(
  project: Project,
  monitor: Monitor,
  wanted: Wanted,
  asked: Asked,
): Promise<MeasuredReadiness> {
  return watching(project, wanted.parameters, "gate monitor", (session) =>
    readReadiness(session, project, monitor, { ...wanted, ...asked }),
  );
}

/** The same in a session that is open. */
export async function readReadiness(
  session: Session,
  project: Project,
  { tokens, settings }: Monitor,
  { parameters, request, stack, approval, all = false }: Wanted & Asked,
): Promise<MeasuredReadiness> {
  const { root, access } = project;
  const rollout = inOrder(project.rollout);
  const [probe, identity] = await Promise.all([loadQuery(root, rollout.probe), identifyRelease(root, request.release)]);
  const standing = await lookAtStanding(session, { ...project, rollout }, parameters);
  const { tiers, next } = standing;
  const judging = tiers.length ? next : rollout.tiers[0];
  await tell(session, settings[judging?.tier ?? -1] ?? {});
  const names = judging ? entryGates(judging) : [];
  const readings = all || names.length ? await takeReadings(session, probe, all ? undefined : names) : {};
  const failed = judging ? judgeEntry(rollout, tokens, { tier: judging, parameters }, readings) : [];
  const audit = access && (await auditAccess(session, access([])));
  const known: Known = { standing, identity, ...(audit && { audit }) };
  const ratified = rollout.requestParameter ? valueOf(rollout, parameters, rollout.requestParameter) : "";
  const refusals = findRefusals(known, { stack, approval, access: request.access, request: ratified });
  const blockers = [...(await withTold(session, probe, failed)), ...refusals];
  return {
    database: session.target.database,
    ...verdictOn(rollout, judging, blockers),
    tiers,
    ...(tiers.length && next && { next: next.tier }),
    readings,
    ...known,
  };
}

/** A declaration without a gate to start by allows nothing. */
function verdictOn({ tiers }: Rollout, judging: TierDeclaration | undefined, blockers: readonly Blocker[]): Readiness {
  const hasGates = judging === undefined || judging !== tiers[0] || entryGates(judging).length > 0;
  const open = judging ? "READY" : "ROLLED OUT";
  return { verdict: blockers.length === 0 && hasGates ? open : "BLOCKED", blockers };
}

async function tell(session: Session, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await session.query("SELECT set_config($1, $2, false)", [name, value]);
  }
}

function entryGates({ gates }: TierDeclaration): string[] {
  return gates.filter(({ at }) => at === "entry").map(({ name }) => name);
}

async function withTold(session: Session, probe: string, blockers: readonly Blocker[]): Promise<Blocker[]> {
  const names = blockers.map(({ gate }) => gate);
  const told = await takeTold(session, probe, names);
  return blockers.map((blocker) => {
    const more = told.get(blocker.gate);
    return more === undefined ? blocker : { ...blocker, told: more };
  });
}

/** Judges whether the rollout could start, from the readings of its first tier's gates alone. One that is not there blocks. */
export function judgeReadiness(
  rollout: Rollout,
  tokens: BlockerTokens,
  parameters: Parameters,
  readings: Readings,
): Readiness {
  const [tier] = rollout.tiers;
  if (!tier) return { verdict: "BLOCKED", blockers: [] };
  return verdictOn(rollout, tier, judgeEntry(rollout, tokens, { tier, parameters }, readings));
}

/** The entry gates of a tier that do not hold. Later tiers than the first speak by the names of their gates. */
function judgeEntry(
  rollout: Rollout,
  tokens: BlockerTokens,
  { tier, parameters }: { readonly tier: TierDeclaration; readonly parameters: Parameters },
  readings: Readings,
): Blocker[] {
  const gates = bindGates(rollout, tier, parameters).filter(({ at }) => at === "entry");
  const isFirst = tier === rollout.tiers[0];
  return failedGates(gates, measureGates(gates, readings)).map((gate): Blocker => {
    const { name, measured } = gate;
    const { meaning = "", remedy = "" } = tier.gates.find((each) => each.at === "entry" && each.name === name) ?? {};
    const { names, ...short } = tokens[name] ?? {};
    const unnamed = names !== undefined && measured === null && !valueOf(rollout, parameters, names);
    const token = unnamed ? `${name} not named` : tokenOf(gate, isFirst ? short : {});
    return { gate: name, expected: describeCondition(gate), measured, meaning, remedy, token };
  });
}

function tokenOf({ name, operator, expected, measured }: GateResult, token: BlockerToken): string {
  const { subject = name, blocker } = token;
  if (measured === null) return `${subject} unknown`;
  return blocker ?? `${subject}${operator === ">=" ? "<" : "<>"}${expected}`;
}

/**
 * Readiness as one line: `READY`; `BLOCKED ospa: ospa<1; ownership_gap: gap<>210;`; `ROLLED OUT`; and where a part stands
 * `PARTLY ROLLED OUT tiers 1, 2; tier 3 READY`.
 */
export function readinessLine({ verdict, blockers, tiers, next }: Readiness & Reached): string {
  const more = (told: string | undefined) => (told === undefined ? "" : ` (${told})`);
  const judged = [verdict, ...blockers.map(({ gate, token, told }) => `${gate}: ${token}${more(told)};`)].join(" ");
  if (!tiers.length || verdict === "ROLLED OUT") return judged;
  if (next === undefined) return `ROLLED OUT; ${judged}`;
  return `PARTLY ROLLED OUT ${describeTiers(tiers)}; tier ${next} ${judged}`;
}
