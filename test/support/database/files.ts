import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withFolder } from "../folder";

/** The mutating tiers in the order of the rollout. */
export const TIERS = [1, 2, 3, 4, 5, 6] as const;
export type Tier = (typeof TIERS)[number];

const NAMES: Record<number, string> = {
  0: "00_preflight.sql",
  1: "10_structure.sql",
  2: "20_responsibility_axis.sql",
  3: "30_ownership_seed.sql",
  4: "40_containment.sql",
  5: "50_topic_finalization.sql",
  6: "60_scanner_baseline.sql",
  8: "90_verify.sql",
};

export function tierFile(tier: number): string {
  return path.resolve("sql/prod", NAMES[tier]);
}

/** Tier 1 is rolled back by the full tear-down. */
export function rollbackFile(tier: Tier): string {
  return path.resolve("sql/prod_rollback", tier === 1 ? "99_rollback_full.sql" : NAMES[tier]);
}

export const RUN_ALL = path.resolve("sql/prod/99_run_all.sql");
export const PER_TIER_ROLLBACK = path.resolve("sql/prod_rollback/per_tier_rollback.sql");
export const FULL_ROLLBACK = path.resolve("sql/prod_rollback/99_rollback_full.sql");
export const PROBE = path.resolve("sql/prod_verify/baseline_probe.sql");
export const SIGNATURES = path.resolve("sql/prod_verify/signatures.sql");
export const READ_CONTRACT = path.resolve("sql/prod_verify/ui_read_contract.sql");
export const GATE_CHECK = path.resolve("sql/gate_monitor/gate_check.sh");

export function baselineFiles(): string[] {
  const folder = path.resolve("sql/baseline");
  return readdirSync(folder)
    .filter((name) => /^\d.*\.sql$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

/** What a file runs: its text with that of the files it includes in its place, and without psql's word on how to print. */
export function text(file: string): string {
  const included = (_: string, name: string) => text(path.join(path.dirname(file), name));
  return readFileSync(file, "utf8")
    .replace(/^\\set QUIET on\n/m, "")
    .replaceAll(/^\\ir (\S+)\n/gm, included);
}

/** Where a tier's file judges its gates. */
export const GATES_AT = {
  entry: "\n\\ir ../common/entry_gates.sql\n",
  exit: "\n\\ir ../common/exit_gates.sql\n",
  commit: "\nCOMMIT;\n",
};

/** SQL with which a test breaks into a file: its unqualified names are those of schema public. */
export function inPublic(sql: string): string {
  return `SET LOCAL search_path = public, pg_temp;\n${sql};\nSET LOCAL search_path = pg_catalog, pg_temp;`;
}

/**
 * Hands over a copy of a tier's file whose work is spoiled right before its exit gates: the only way to see an exit
 * gate refuse what the file itself would never do.
 */
export async function withSabotage<Result>(
  file: string,
  sabotage: string,
  use: (copy: string) => Promise<Result>,
): Promise<Result> {
  const parts = readFileSync(file, "utf8").split(GATES_AT.exit);
  if (parts.length !== 2) throw new Error(`${file} does not judge its exit gates once`);
  return withFolder(async (folder) => {
    const copy = path.join(folder, path.basename(file));
    const spoiled = `${parts[0]}\n${inPublic(sabotage)}\n${GATES_AT.exit}${parts[1]}`;
    writeFileSync(copy, spoiled.replaceAll("\\ir ../common/", `\\ir ${path.resolve("sql/common")}/`));
    return use(copy);
  });
}
