import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { type Changes, NO_DELTA } from "../../provider/model/delta";
import type { GateReadings } from "../../provider/model/gates";
import type { TierReport } from "../../provider/model/report";
import type { DeltaContract, Gate, Rollout, TierDeclaration } from "../../provider/model/rollout";
import type { RunVerdict, TierInputs } from "../../provider/model/tier-inputs";

/** A rollout of three tiers that has nothing to do with One-Roof: the modules must know none in particular. */
export function gate(at: Gate["at"], name: string, operator: Gate["operator"], expected: Gate["expected"]): Gate {
  return { at, name, operator, expected, meaning: `${name} means well.`, remedy: `Mend ${name}.`, source: "line 1" };
}

export function tier(number: number, gates: Gate[] = [], more: Partial<TierDeclaration> = {}): TierDeclaration {
  const name = `step-${number}`;
  const delta: DeltaContract = { objects: {}, rows: {}, readings: {} };
  return {
    tier: number,
    name,
    title: `Step ${number}`,
    apply: `sql/${name}.sql`,
    gates,
    delta,
    parameters: [],
    ...more,
  };
}

export const ROLLOUT: Rollout = {
  name: "toy",
  probe: "sql/probe.sql",
  ledgerSchema: "toy_ledger",
  lock: [1, 2],
  noticeSchema: "toy",
  parameters: { base: { setting: "toy.base", default: "main" }, code: { setting: "toy.code" } },
  databaseParameter: "base",
  invariants: ["letters", "parcels"],
  tiers: [
    tier(0, [gate("entry", "base", "=", { parameter: "base" }), gate("entry", "doors", "=", "0")]),
    tier(1, [gate("entry", "doors", "in", "0,2"), gate("exit", "doors", "=", "2")], {
      rollback: "sql/back-1.sql",
      parameters: ["base"],
    }),
    tier(3, [gate("exit", "windows", ">=", "1")], { rollback: "sql/back-3.sql", parameters: ["base", "code"] }),
  ],
};

/** What a run measured in which every gate held. */
export const PASSED: Readonly<Record<string, GateReadings>> = {
  0: { entry: { base: "main", doors: 0 } },
  1: { entry: { doors: 0 }, exit: { doors: 2 } },
  3: { exit: { windows: 4 } },
};

export function report(more: Partial<TierReport> = {}): TierReport {
  return {
    tier: 1,
    title: "Step 1",
    verdict: "PASS",
    gates: {},
    delta: NO_DELTA,
    stops: [],
    rollback: "exact",
    ...more,
  };
}

export function run(more: Partial<RunVerdict> = {}): RunVerdict {
  return {
    verdict: "PASS",
    applies: [0, 1, 3],
    adopts: [],
    removes: [],
    stops: [],
    reversible: [1, 3],
    gates: PASSED,
    release: "f00d",
    pinned: "",
    differing: [],
    acceptedUnrehearsed: "",
    ...more,
  };
}

export function inputs(more: Partial<TierInputs> = {}): TierInputs {
  return {
    module: "toy",
    tier: 0,
    title: "Step 0",
    digest: "a".repeat(64),
    parameters: { base: "main", code: "X" },
    target: { database: "main", system: "1" },
    status: { applied: false, rolloutId: "", digest: "" },
    report: report({ tier: 0 }),
    run: run(),
    ...more,
  };
}

/** Changes between two snapshots; nothing moved unless told. */
export function moved(more: Partial<Changes> = {}): Changes {
  return { added: [], removed: [], changed: [], rewritten: [], rows: new Map(), ...more };
}

/** What policies say of a resource, each violation with the name of its policy. */
export async function violations(
  policies: readonly ResourceValidationPolicy[],
  args: Partial<ResourceValidationArgs>,
): Promise<string[]> {
  const found: string[] = [];
  for (const { name, validateResource } of policies) {
    for (const validate of [validateResource ?? []].flat()) {
      await validate(args as ResourceValidationArgs, (message) => found.push(`${name}: ${message}`));
    }
  }
  return found;
}
