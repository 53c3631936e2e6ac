import type { AccessDeclaration } from "../model/access";
import { readOptions, type RunRequest } from "../model/configuration";
import { describeAccess, describeCondition } from "../model/describe";
import { messageOf, RolloutError } from "../model/errors";
import { bindGates, failedGates, measureGates, type GateResult, type Parameters } from "../model/gates";
import type { Gate, Reading, Readings, Rollout } from "../model/rollout";
import { auditAccess } from "../postgres/access";
import { failureOf } from "../postgres/failed";
import { takeReadings, takeTold } from "../postgres/probe";
import { connect, type Session } from "../postgres/session";
import { sessionSettings } from "../postgres/session-settings";
import { loadQuery } from "../release/query";
import type { Project } from "../release/release";

/** How one gate is spoken of in the monitor's verdict line. */
export interface BlockerToken {
  /** Short word for the reading; the gate's own name where there is none. */
  readonly subject?: string;
  /** The whole blocker, where subject, operator and wanted value would not say it well. */
  readonly blocker?: string;
  /** The parameter without which the gate is not judged: whoever only watches may not know it yet. */
  readonly onlyWith?: string;
}

/** Tokens by gate. A gate without an entry speaks by its own name. */
export type BlockerTokens = Readonly<Partial<Record<string, BlockerToken>>>;

/** A stop gate that keeps the rollout from starting. */
export interface Blocker {
  readonly gate: string;
  /** Operator and wanted value, such as `= 210`. */
  readonly expected: string;
  /** Null when the reading could not be taken. */
  readonly measured: Reading;
  readonly meaning: string;
  readonly remedy: string;
  /** The blocker as the verdict line says it, such as `gap<>210`. */
  readonly token: string;
  /** What the probe tells beside the value: whom a number counts, now. */
  readonly told?: string;
}

/** Whether the rollout could start now, with every gate that keeps it from starting. */
export interface Readiness {
  readonly verdict: "READY" | "BLOCKED";
  readonly blockers: readonly Blocker[];
}

/** The entry gates of the first tier that can be judged with these parameters. */
export function startGates(rollout: Rollout, tokens: BlockerTokens, parameters: Parameters): Gate[] {
  const gates = rollout.tiers[0]?.gates ?? [];
  return gates.filter(({ name, at }) => {
    const needed = tokens[name]?.onlyWith;
    return at === "entry" && (needed === undefined || Boolean(parameters[needed]));
  });
}

/** What a monitor needs: the database that was asked, what it read there, and what follows from it. */
export interface MeasuredReadiness extends Readiness {
  readonly database: string;
  readonly readings: Readings;
}

/** How much a monitor wants to know. */
export interface Asked {
  /** Every reading, and not only what the start gates judge. */
  readonly all?: boolean;
  /** Whether a database without the rollout's roles will do. */
  readonly roles?: RunRequest["access"];
}

/** As sql/gate_monitor/gate_check.sh: cannot write, waits for no lock longer than 2 s. */
const READ_ONLY = { default_transaction_read_only: "on", lock_timeout: "2s", statement_timeout: "30s" };

/**
 * Measures on the target whether the rollout could start: what its start gates judge, or with `all` every reading.
 * Reads only. Throws a RolloutError when the readings cannot be taken.
 */
export async function measureReadiness(
  { root, rollout, access }: Project,
  tokens: BlockerTokens,
  parameters: Parameters,
  { all = false, roles = "optional" }: Asked = {},
): Promise<MeasuredReadiness> {
  const watching = { [`${rollout.noticeSchema}.watching`]: "on" };
  const settings = { ...sessionSettings(rollout, parameters, readOptions({})), ...READ_ONLY, ...watching };
  const names = all ? undefined : startGates(rollout, tokens, parameters).map(({ name }) => name);
  const probe = await loadQuery(root, rollout.probe);
  // A server of any age is told apart by its gate, as the plain SQL does.
  const session = await connect({ application: `${rollout.name} gate monitor`, settings, oldest: 0 });
  const { database } = session.target;
  try {
    const readings = await takeReadings(session, probe, names);
    const judged = judgeReadiness(rollout, tokens, parameters, readings);
    const readiness = { ...judged, blockers: await withTold(session, probe, judged.blockers) };
    return { database, readings, ...(access ? await withAccess(session, readiness, access([]), roles) : readiness) };
  } catch (error) {
    const failed = failureOf(error);
    throw new RolloutError(
      `The gates of database ${database} could not be read: ${messageOf(error)}. Nothing was changed; try again.`,
      undefined,
      // Who only reads is refused by no gate.
      { cause: error, failed: failed === "refused" ? "defect" : failed },
    );
  } finally {
    await session.close();
  }
}

async function withTold(session: Session, probe: string, blockers: readonly Blocker[]): Promise<Blocker[]> {
  const names = blockers.map(({ gate }) => gate);
  const told = await takeTold(session, probe, names);
  return blockers.map((blocker) => {
    const more = told.get(blocker.gate);
    return more === undefined ? blocker : { ...blocker, told: more };
  });
}

/** The same, blocked too where somebody may do what is not declared, or where roles are demanded and take no part. */
async function withAccess(
  session: Session,
  readiness: Readiness,
  declaration: AccessDeclaration,
  demanded: RunRequest["access"],
): Promise<Readiness> {
  const { absent, findings } = await auditAccess(session, declaration);
  const differences = absent === undefined ? findings.map(describeAccess) : demanded === "required" ? [absent] : [];
  const [first, ...more] = differences;
  if (first === undefined) return readiness;
  return { verdict: "BLOCKED", blockers: [...readiness.blockers, accessBlocker(first, more.length)] };
}

function accessBlocker(first: string, more: number): Blocker {
  return {
    gate: "access",
    expected: "= as declared",
    measured: more + 1,
    meaning: "Nobody may do more than the roles' declaration says.",
    remedy: "See npm run access -- audit, and have what it lists granted or revoked.",
    token: more ? `${first}, and ${more} more` : first,
  };
}

/** Judges whether the rollout could start, from readings alone. A reading that is not there blocks. */
export function judgeReadiness(
  rollout: Rollout,
  tokens: BlockerTokens,
  parameters: Parameters,
  readings: Readings,
): Readiness {
  const declared = startGates(rollout, tokens, parameters);
  const gates = bindGates(rollout, { tier: rollout.tiers[0]?.tier ?? 0, gates: declared }, parameters);
  const blockers = failedGates(gates, measureGates(gates, readings)).map((gate): Blocker => {
    const { meaning = "", remedy = "" } = declared.find(({ name }) => name === gate.name) ?? {};
    const expected = describeCondition(gate);
    const { name, measured } = gate;
    return { gate: name, expected, measured, meaning, remedy, token: tokenOf(gate, tokens[name]) };
  });
  // A declaration without a gate to judge allows nothing.
  return { verdict: gates.length > 0 && blockers.length === 0 ? "READY" : "BLOCKED", blockers };
}

function tokenOf({ name, operator, expected, measured }: GateResult, token: BlockerToken = {}): string {
  const { subject = name, blocker } = token;
  if (measured === null) return `${subject} unknown`;
  return blocker ?? `${subject}${operator === ">=" ? "<" : "<>"}${expected}`;
}

/** Readiness as one line: `READY`, or `BLOCKED ospa: ospa<1; ownership_gap: gap<>210;`. */
export function readinessLine({ verdict, blockers }: Readiness): string {
  const more = (told: string | undefined) => (told === undefined ? "" : ` (${told})`);
  return [verdict, ...blockers.map(({ gate, token, told }) => `${gate}: ${token}${more(told)};`)].join(" ");
}
