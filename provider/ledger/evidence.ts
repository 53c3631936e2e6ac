import { mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import { PULUMI } from "../model/command";
import { messageOf, RolloutError } from "../model/errors";
import type { Target } from "../model/tier-inputs";
import type { LedgerRow } from "./ledger";

/** What proves one rollback. */
export interface Proof {
  /** What the rollback removed. */
  readonly removed: readonly string[];
  /** Losses that the operator accepted by their hash. */
  readonly accepted: readonly string[];
  /** Readings that differ from those at the rollout's entry, because production lived on. */
  readonly since: readonly string[];
  /** ISO 8601 in UTC. */
  readonly rolledBackAt: string;
}

interface Evidence {
  readonly rolloutId: string;
  readonly target: Target;
  /** The ledger's row and the proof of its rollback, by tier. */
  readonly tiers: Record<string, { readonly ledger: LedgerRow; readonly proof: Proof }>;
}

/**
 * Writes what the ledger knew of a tier and the proof of its rollback to `<folder>/<rollout id>.json`, on disk before
 * it returns, and gives the path. Throws when it cannot: then the rollback must not be committed either.
 */
export async function writeEvidence(folder: string, target: Target, ledger: LedgerRow, proof: Proof): Promise<string> {
  const file = path.resolve(folder, `${ledger.rolloutId}.json`);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const known = await readEvidence(file);
    const tiers = { ...known?.tiers, [ledger.tier]: { ledger, proof } };
    await writeDurably(file, `${JSON.stringify({ rolloutId: ledger.rolloutId, target, tiers }, null, 2)}\n`);
    return file;
  } catch (error) {
    throw new RolloutError(
      `The evidence of the rollback cannot be written to ${file}: ${messageOf(error)}. Nothing was changed. ` +
        `Make the folder writable, or name another: ${PULUMI} config set evidence FOLDER`,
      undefined,
      { cause: error },
    );
  }
}

/**
 * The ledger with what the evidence says was rolled back before. A ledger goes with its first tier, and one that is made anew
 * has no row of what was applied before it; a state that was left behind by a kill still has.
 */
export async function withEvidence(
  folder: string,
  ledger: ReadonlyMap<number, LedgerRow>,
): Promise<Map<number, LedgerRow>> {
  const [first] = ledger.values();
  const file = path.resolve(folder, `${first?.rolloutId ?? ""}.json`);
  // Whoever writes evidence refuses a file that is broken; here it tells nothing.
  const tiers = first && (await readEvidence(file).catch(() => undefined))?.tiers;
  return new Map(
    [...ledger].map(([tier, row]) => {
      const hash = tiers?.[tier]?.ledger.hash;
      const isNew = hash !== undefined && hash !== row.hash && !row.earlier.includes(hash);
      return [tier, isNew ? { ...row, earlier: [...row.earlier, hash] } : row];
    }),
  );
}

async function readEvidence(file: string): Promise<Evidence | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Evidence);
}

/** A file that is either the old one or the new one, also after a power cut. */
async function writeDurably(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  const handle = await open(draft, "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const directory = await open(path.dirname(file), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
