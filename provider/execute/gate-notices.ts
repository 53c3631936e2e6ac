import { describeCondition } from "../model/describe";
import type { BoundGate, GateReadings } from "../model/gates";
import { inLine } from "../model/harmless";
import type { GatePosition, Reading, Rollout } from "../model/rollout";
import { parseReading } from "../postgres/probe";
import type { Notice } from "../postgres/session";
import { GATE_NOTICE, GATE_TOLD } from "../postgres/sqlstate";

/** The notices by which the SQL files of this rollout tell what a gate measured. */
export function gateNotices({ noticeSchema }: Rollout, notices: readonly Notice[]): Notice[] {
  return notices.filter(({ code, schema }) => code === GATE_NOTICE && schema === noticeSchema);
}

/** What the gates of a file tell beside what they measured, for people at once. */
export function gatesTold({ noticeSchema }: Rollout, notices: readonly Notice[]): string[] {
  return notices
    .filter(({ code, schema }) => code === GATE_TOLD && schema === noticeSchema)
    .map(({ message = "" }) => inLine(message));
}

/**
 * What the gates measured, from the notices that their SQL file raised. The file only measures: a notice with another
 * condition than the declared one stands for no gate. Positions without a notice were not reached: a file that stopped
 * at its entry has not measured its exit.
 */
export function gateReadings(gates: readonly BoundGate[], raised: readonly Notice[]): GateReadings {
  const readings: Partial<Record<GatePosition, Record<string, Reading>>> = {};
  for (const at of ["entry", "exit"] as const) {
    const here = raised.filter(({ table }) => table === at);
    if (!here.length) continue;
    readings[at] = Object.fromEntries(
      gates
        .filter((gate) => gate.at === at)
        .flatMap((gate) => {
          const condition = describeCondition(gate);
          const notice = here.findLast(({ constraint, column }) => constraint === gate.name && column === condition);
          return notice ? [[gate.name, measuredBy(notice)]] : [];
        }),
    );
  }
  return readings;
}

function measuredBy({ dataType }: Notice): Reading {
  return dataType === undefined || dataType === "NULL" ? null : parseReading(dataType);
}
