import type { Context } from "../context";
import { changedObjects, type Changes, declaredObjects, lockFindings, touchFindings } from "../model/delta";
import { bareName, describeFinding, textDiff } from "../model/describe";
import { RolloutError } from "../model/errors";
import type { Finding } from "../model/findings";
import type { TierDeclaration } from "../model/rollout";
import { changes } from "../postgres/catalog-snapshot";
import { ACCEPT, acceptance, isAccepted } from "../ledger/acceptance";
import { type Fingerprint, hashOwnRows, restoreFindings, takeFingerprint } from "../ledger/fingerprint";
import type { LedgerRow } from "../ledger/ledger";
import { sha256 } from "../release/digest";
import type { TierScripts } from "../release/release";
import { parseScript, type Script } from "../release/script";
import { type DatabaseState, heldInvariants, takeState } from "./database-state";
import { runScript, tellFiles } from "./run-script";

/** A tier that is to be rolled back: by which script, and to which entry. */
export interface Rollback {
  readonly declaration: TierDeclaration;
  readonly script: Script;
  readonly entry: Fingerprint;
}

/** A rollback that ran to its end inside the open transaction. */
export interface RolledBack {
  /** Everything that forbids its COMMIT; empty if the proof holds. */
  readonly findings: readonly Finding[];
  /** What the rollback removed, one line each. */
  readonly removed: readonly string[];
  readonly after: DatabaseState;
}

/**
 * The rollback of an applied tier: the release's own file, or the one recorded when the tier was applied where the file
 * has changed since. The ledger is data that others may have rewritten, so a recorded text that is not the release's is
 * run only if the operator has accepted exactly this text. Throws a RolloutError that shows the difference otherwise.
 */
export async function rollbackOf({ declaration, rollback: file }: TierScripts, row: LedgerRow): Promise<Rollback> {
  const { tier } = declaration;
  if (file?.text === row.rollbackSql) return { declaration, script: file, entry: row.entry };
  const name = `${declaration.rollback ?? "rollback"} (as recorded in the ledger)`;
  const list = [`recorded rollback ${sha256(row.rollbackSql)}`];
  if (!isAccepted(tier, list)) {
    throw new RolloutError(
      `Tier ${tier} (${declaration.title}) cannot be rolled back, nothing was changed: the rollback recorded when it was ` +
        `applied is not the one of this release. Check out the release that was applied, or read the recorded text and, if ` +
        `it may run on this database, accept exactly it: ${ACCEPT}=${acceptance(tier, list)}\n` +
        textDiff(file?.name ?? "no file", "recorded", file?.text ?? "", row.rollbackSql),
    );
  }
  return { declaration, script: await parseScript(name, row.rollbackSql), entry: row.entry };
}

/**
 * Runs a tier's rollback in the open transaction and proves it: what the tier declared is as it was at its entry, and
 * nothing else moved between begin and end. Nothing is committed here.
 */
export async function rollBackTier(context: Context, rollback: Rollback, before: DatabaseState): Promise<RolledBack> {
  const { session, release } = context;
  const { declaration, script, entry } = rollback;
  const own = await hashOwnRows(session, declaration.delta, before.snapshot.objects);
  await tellFiles(session, release.rollout, { deltas: "measured", losses: "accepted" });
  await runScript(session, script);
  const after = await takeState(context, release.rollout.invariants);
  const moved = changes(before.snapshot, after.snapshot);
  const findings = [
    ...restoreFindings(entry, await takeFingerprint(session, declaration, after.snapshot)),
    ...remaining(declaration, after),
    ...undeclared(declaration, moved, own),
    // A rollback looks for rows of its axis in all tables of the rollout, which locks those where it finds none too.
    ...touchFindings(
      release.rollout.tiers.flatMap(({ delta }) => Object.keys(delta.rows)),
      moved,
    ),
    ...lockFindings(release.rollout, declaration.delta, moved),
    ...(await heldInvariants(context, before.readings, after.readings)),
  ];
  return { findings, removed: removals(declaration, moved), after };
}

/** Declared objects that are still there. */
function remaining({ delta }: TierDeclaration, { snapshot }: DatabaseState): Finding[] {
  return declaredObjects(delta)
    .filter((object) => snapshot.objects.has(object))
    .map((object) => ({ is: "object remains", object }));
}

/** Everything that moved outside of what the tier declares. */
function undeclared({ delta }: TierDeclaration, moved: Changes, own: Fingerprint["rows"]): Finding[] {
  const objects = new Set(declaredObjects(delta));
  const mayChange = changedObjects(delta);
  return [
    ...moved.added.map((object): Finding => ({ is: "undeclared object", object })),
    ...moved.removed
      .filter((object) => !objects.has(object))
      .map((object): Finding => ({ is: "undeclared drop", object })),
    ...moved.changed
      .filter((object) => !mayChange.includes(object))
      .map((object): Finding => ({ is: "undeclared change", object })),
    ...moved.rewritten
      .filter((table) => !delta.rows[table]?.operational)
      .map((table): Finding => ({ is: "undeclared rewrite", table })),
    ...[...moved.rows].flatMap(([table, written]): Finding[] => {
      const { inserted, updated, deleted } = written;
      // Of a table that stays exactly the tier's own rows may go.
      const expected = own[table]?.rows ?? (table in delta.rows ? deleted : 0);
      const declared = table in delta.rows && !inserted && !updated && deleted === expected;
      return declared ? [] : [{ is: "undeclared write", table, written, ...(expected && { mayDelete: expected }) }];
    }),
  ];
}

function removals({ delta }: TierDeclaration, moved: Changes): string[] {
  const restored = changedObjects(delta).length;
  return [
    ...[...moved.rows].map(([table, { deleted }]) => `-${deleted} ${bareName(table)}`),
    ...moved.rewritten.map((table) => `${bareName(table)} emptied`),
    ...(moved.removed.length ? [`-${moved.removed.length} objects`] : []),
    ...(restored ? [`${restored} defined as before`] : []),
  ];
}

/** The refusal of a rollback with all its reasons. */
export function refusedRollback({ tier, title }: TierDeclaration, findings: readonly Finding[]): RolloutError {
  return new RolloutError(
    `Tier ${tier} (${title}) cannot be rolled back, nothing was changed:\n` +
      findings.map((finding) => `  - ${describeFinding(finding)}`).join("\n"),
  );
}
