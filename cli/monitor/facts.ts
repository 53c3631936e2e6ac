// What status tells, as plain data: the screen, the detail of one tier and --json are three forms of it.
import {
  bindGates,
  describeContract,
  describeDelta,
  type LedgerRow,
  mayGoBack,
  type Parameters,
  type Rollout,
  type Status,
  type TierDeclaration,
  writes,
} from "../../provider";
import { whatNext } from "./next";

/** Where and what, in words that the status itself does not hold. */
export interface Surroundings {
  /** `directus on db.example:5432 as one_roof_monitor`. */
  readonly connection: string;
  readonly stack: string;
  /** Its tiers in their order. */
  readonly rollout: Rollout;
  readonly parameters: Parameters;
  /** The last tier that the configuration asks for. */
  readonly throughTier: number;
}

/** What was there when a tier was applied. */
export interface AppliedFacts {
  readonly at: string;
  readonly by: string;
  readonly rolloutId: string;
  readonly position: number;
  readonly hash: string;
  readonly digest: string;
  /** The files here are those that it was applied from. */
  readonly asHere: boolean;
  /** Which release and request the approval named that was in force; null where none was kept. */
  readonly release: string | null;
  readonly request: string | null;
}

export interface TierFacts {
  readonly tier: number;
  readonly title: string;
  readonly writes: boolean;
  /** Its objects or rows are there, whatever the ledger says. */
  readonly stands: boolean;
  readonly applied: AppliedFacts | null;
  readonly drift: readonly string[];
}

export type Facts = ReturnType<typeof factsOf>;

export function factsOf(status: Status, surroundings: Surroundings) {
  const { standing, identity, audit, target } = status;
  const rows = [...standing.ledger.values()];
  const rolesTakePart = audit !== undefined && audit.absent === undefined;
  return {
    target: { ...target, connection: surroundings.connection, stack: surroundings.stack },
    release: { here: identity.release, pinned: identity.pinned || null, differing: identity.differing },
    request: surroundings.parameters.ratifiedApr || null,
    approval: { demanded: rolesTakePart, inForce: audit?.inForce ?? null },
    rollout: rows[0]?.rolloutId ?? null,
    stands: status.tiers,
    tiers: surroundings.rollout.tiers.map((declaration) => tierFacts(status, surroundings.rollout, declaration)),
    ledger: standing.contradiction ?? (rows.length ? "as written" : "none"),
    start: { verdict: status.verdict, next: status.next ?? null, blockers: status.blockers },
    back: { could: status.back.every(mayGoBack), tiers: status.back },
    atWork: status.atWork ?? null,
    next: whatNext(status, surroundings),
  };
}

function tierFacts({ standing, tiers }: Status, rollout: Rollout, declaration: TierDeclaration): TierFacts {
  const { tier, title } = declaration;
  const row = standing.ledger.get(tier);
  const digest = standing.texts.find((text) => text.declaration === declaration)?.digest;
  return {
    tier,
    title,
    writes: writes(declaration),
    stands: tiers.includes(tier),
    applied: row ? appliedFacts(rollout, row, digest) : null,
    drift: standing.drift.get(tier) ?? [],
  };
}

function appliedFacts(rollout: Rollout, row: LedgerRow, digest: string | undefined): AppliedFacts {
  const { appliedAt, appliedBy, rolloutId, position, hash } = row;
  return {
    at: appliedAt,
    by: appliedBy,
    rolloutId,
    position,
    hash,
    digest: row.digest,
    asHere: row.digest === digest,
    ...approvedAs(rollout, row),
  };
}

/** The approval of a release is one of the signatures that the ledger keeps. */
function approvedAs({ roles }: Rollout, { signatures }: LedgerRow): Pick<AppliedFacts, "release" | "request"> {
  for (const { source, decision } of signatures ?? []) {
    const [, release, request] = /^release (\S+) under (.+)$/s.exec(decision ?? "") ?? [];
    if (source === `${roles?.access ?? ""}.approval` && release && request) return { release, request };
  }
  return { release: null, request: null };
}

/** One gate of a tier with what it measured when the tier was applied; null where nothing was. */
export interface GateFacts {
  readonly name: string;
  readonly at: "entry" | "exit";
  readonly operator: string;
  readonly expected: string;
  readonly measured: number | string | null;
}

/** The whole detail of one tier, as the ledger keeps it. */
export function detailOf(status: Status, { rollout, parameters }: Surroundings, tier: number) {
  const declaration = rollout.tiers.find((each) => each.tier === tier);
  if (!declaration) return undefined;
  const row = status.standing.ledger.get(tier);
  const measured = measuredGates(status, declaration === rollout.tiers[0], row);
  const gates = bindGates(rollout, declaration, row?.parameters ?? parameters).map(
    ({ at, name, operator, expected }): GateFacts => ({
      name,
      at,
      operator,
      expected,
      measured: measured[at]?.[name] ?? null,
    }),
  );
  return {
    ...tierFacts(status, rollout, declaration),
    files: { apply: declaration.apply, rollback: declaration.rollback ?? null },
    declared: describeContract(declaration.delta),
    measured: row ? describeDelta(row.report.delta) : null,
    /** How its own rehearsal took it back before it was applied. */
    rollback: row?.report.rollback ?? null,
    /** Null where none were kept. */
    locks: row?.locks ?? null,
    signatures: row?.signatures ?? null,
    gates,
    back: status.back.find((each) => each.tier === tier) ?? null,
  };
}

export type Detail = NonNullable<ReturnType<typeof detailOf>>;

/** A tier that only reads has no row: what was read before the rollout began stands in its first one. */
function measuredGates(
  { standing: { ledger } }: Status,
  isFirst: boolean,
  row: LedgerRow | undefined,
): LedgerRow["report"]["gates"] {
  if (row) return row.report.gates;
  const [first] = ledger.values();
  return first && isFirst ? { entry: first.readings } : {};
}
