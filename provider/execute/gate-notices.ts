import { describeCondition } from "../model/describe";
import type { BoundGate, GateResult } from "../model/gates";
import type { GatePosition, Rollout } from "../model/rollout";
import { parseReading } from "../postgres/probe";
import type { Notice } from "../postgres/session";
import { GATE_NOTICE } from "../postgres/sqlstate";

/** The notices by which the SQL files of this rollout tell what a gate measured. */
export function gateNotices({ noticeSchema }: Rollout, notices: readonly Notice[]): Notice[] {
  return notices.filter(({ code, schema }) => code === GATE_NOTICE && schema === noticeSchema);
}

/**
 * What the gates measured, from the notices that their SQL file raised. The file only measures: a notice with another
 * condition than the declared one stands for no gate.
 */
export function gateResults(gates: readonly BoundGate[], raised: readonly Notice[]): GateResult[] {
  return gates.flatMap((gate) => {
    const condition = describeCondition(gate);
    const notice = raised.findLast(
      ({ table, constraint, column }) => table === gate.at && constraint === gate.name && column === condition,
    );
    return notice ? [{ ...gate, measured: measuredBy(notice) }] : [];
  });
}

function measuredBy({ dataType }: Notice) {
  return dataType === undefined || dataType === "NULL" ? null : parseReading(dataType);
}

/** Positions of which at least one gate was raised: a file that stopped at its entry has not measured its exit. */
export function reachedPositions(raised: readonly Notice[]): GatePosition[] {
  return (["entry", "exit"] as const).filter((at) => raised.some(({ table }) => table === at));
}
