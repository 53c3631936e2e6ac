import { messageOf } from "../model/errors";
import { inOrder, writes } from "../model/rollout";
import type { Target } from "../model/tier-inputs";
import { acceptance, isAccepted } from "../ledger/acceptance";
import { heldTo, isChanged } from "../ledger/record";
import { findRollbackBlockers } from "../ledger/rollback-blockers";
import { describeBlockers } from "../postgres/blockers";
import { takeSnapshot } from "../postgres/catalog-snapshot";
import { lockHolders } from "../postgres/lock-holders";
import type { Session } from "../postgres/session";
import { isDatabaseError } from "../postgres/sqlstate";
import type { Project } from "../release/release";
import { type Asked, type MeasuredReadiness, type Monitor, readReadiness, type Wanted, watching } from "./readiness";
import type { Standing } from "./standing";

/** What stands against the rollback of one applied tier, measured now; `destroy` would list the same. */
export interface TierBack {
  readonly tier: number;
  /** Would be lost with it, and was not accepted. */
  readonly dataLoss: readonly string[];
  /** The hash that accepts exactly that loss; none where a later tier has to go first, which may leave another list. */
  readonly accept?: string;
  /** Belongs to others and has to be removed by them. */
  readonly dependents: readonly string[];
  /** The rollback that the ledger holds is not the one of the files here. */
  readonly isOther: boolean;
  /** Why this login cannot tell. */
  readonly unknown?: string;
}

/** Where a rollout stands, and what could be done now. */
export interface Status extends MeasuredReadiness {
  readonly target: Target;
  /** The way back of every tier that the ledger calls applied, latest first. */
  readonly back: readonly TierBack[];
  /** Who holds the rollout's lock, in words. */
  readonly atWork?: string;
}

/**
 * Measures on the target where the rollout stands, whether it has drifted, and whether it could go on or back. Reads only, and
 * needs no more than to read. Throws a RolloutError when the database cannot be read.
 */
export function measureStatus(listed: Project, monitor: Monitor, wanted: Wanted, asked: Asked): Promise<Status> {
  const project = { ...listed, rollout: inOrder(listed.rollout) };
  return watching(project, wanted.parameters, "status", async (session) => {
    const holders = await lockHolders(session, project.rollout);
    const readiness = await readReadiness(session, project, monitor, { ...wanted, ...asked });
    return {
      ...readiness,
      target: session.target,
      back: await lookBack(session, project, readiness.standing),
      ...(holders.length && { atWork: describeBlockers(holders) }),
    };
  });
}

async function lookBack(session: Session, { rollout }: Project, { ledger, texts }: Standing): Promise<TierBack[]> {
  const back: TierBack[] = [];
  if (!ledger.size) return back;
  const scope = { session, release: { rollout } };
  const snapshot = await takeSnapshot(session, rollout.ledgerSchema);
  for (const declaration of rollout.tiers.filter(writes).reverse()) {
    const { tier } = declaration;
    const recorded = ledger.get(tier);
    if (!recorded) continue;
    const isOther = texts.find((text) => text.declaration === declaration)?.rollback !== recorded.rollbackSql;
    try {
      // What later tiers have changed of this one is theirs to take back before it, so it is no drift now.
      const held = heldTo(declaration, recorded, ledger);
      const { dataLoss, dependents } = await findRollbackBlockers(scope, declaration, held, snapshot);
      const lost = isAccepted(tier, dataLoss) ? [] : dataLoss;
      back.push({
        tier,
        dataLoss: lost,
        ...(lost.length && !isChanged(recorded, ledger) && { accept: acceptance(tier, lost) }),
        dependents,
        isOther,
      });
    } catch (error) {
      if (!isDatabaseError(error) || error.code?.startsWith("42") !== true) throw error;
      back.push({ tier, dataLoss: [], dependents: [], isOther, unknown: messageOf(error) });
    }
  }
  return back;
}

/** Whether nothing stands against a rollback. */
export function mayGoBack({ dataLoss, dependents, isOther, unknown }: TierBack): boolean {
  return !dataLoss.length && !dependents.length && !isOther && unknown === undefined;
}
