import { randomBytes } from "node:crypto";
import { chmod, lstat, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { PULUMI } from "../model/command";
import { messageOf, RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import type { Target } from "../model/tier-inputs";
import { makeFolder } from "./evidence-folder";
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
 * it returns and readable by nobody else, and gives the path. Throws when it cannot, or when it would overwrite what is no
 * evidence of this rollout: then the rollback must not be committed either.
 */
export async function writeEvidence(folder: string, target: Target, ledger: LedgerRow, proof: Proof): Promise<string> {
  const file = fileOf(folder, ledger.rolloutId);
  try {
    await makeFolder(path.dirname(file));
    await closeToOthers(path.dirname(file));
    const known = await readEvidence(file, ledger.rolloutId);
    if (known === "something else") throw new Error("what is there is no evidence of this rollout");
    const tiers = { ...(known !== "none" && known.tiers), [ledger.tier]: { ledger, proof } };
    await writeDurably(file, `${JSON.stringify({ rolloutId: ledger.rolloutId, target, tiers }, null, 2)}\n`);
    return file;
  } catch (error) {
    throw notWritten(file, error);
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
  const found = first && (await readEvidence(fileOf(folder, first.rolloutId), first.rolloutId));
  const tiers = typeof found === "object" ? found.tiers : undefined;
  return new Map(
    [...ledger].map(([tier, row]) => {
      const hash = tiers?.[tier]?.ledger.hash;
      const isNew = hash !== undefined && hash !== row.hash && !row.earlier.includes(hash);
      return [tier, isNew ? { ...row, earlier: [...row.earlier, hash] } : row];
    }),
  );
}

/**
 * Keeps what stands in the place of a rollout's evidence and is none under another name, so that it stops no rollback;
 * gives what to tell of it, or nothing.
 */
export async function putOthersAside(folder: string, rolloutId: string): Promise<string | undefined> {
  const file = fileOf(folder, rolloutId);
  try {
    if ((await readEvidence(file, rolloutId)) !== "something else") return undefined;
    return `${inLine(file)} is no evidence of this rollout: it is kept as ${inLine(await putAside(file))}.`;
  } catch (error) {
    throw notWritten(file, error);
  }
}

function fileOf(folder: string, rolloutId: string): string {
  return path.resolve(folder, `${rolloutId}.json`);
}

function notWritten(file: string, error: unknown): RolloutError {
  return new RolloutError(
    `The evidence of the rollback cannot be written to ${inLine(file)}: ${messageOf(error)}. Nothing was changed. ` +
      `Make room in the folder and make it writable, or name another: ${PULUMI} config set evidence FOLDER`,
    undefined,
    { cause: error },
  );
}

/** Evidence that was written when all could read it. A folder that was there may be shared with whoever audits: it stays. */
async function closeToOthers(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f-]{36}\.json/.test(name));
  await Promise.all(names.map((name) => closeFile(path.join(folder, name)).catch(() => undefined)));
}

async function closeFile(file: string): Promise<void> {
  const status = await lstat(file);
  if (status.mode & 0o077 && status.isFile()) await chmod(file, 0o600);
}

async function readEvidence(file: string, rolloutId: string): Promise<Evidence | "none" | "something else"> {
  const status = await lstat(file).catch(() => undefined);
  if (!status) return "none";
  try {
    // A link would have it written to where somebody else says.
    const found = status.isFile() ? (JSON.parse(await readFile(file, "utf8")) as Partial<Evidence> | null) : null;
    const tiers = found?.rolloutId === rolloutId ? found.tiers : undefined;
    return isTiers(tiers) ? (found as Evidence) : "something else";
  } catch {
    return "something else";
  }
}

function isTiers(tiers: unknown): boolean {
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject(tiers) && Object.values(tiers as object).every(isObject);
}

/** Gives the name under which it is kept; no such name is used twice. */
async function putAside(file: string): Promise<string> {
  const aside = `${file}.set-aside-${new Date().toISOString().replace(/[^0-9TZ]/g, "")}-${randomBytes(4).toString("hex")}`;
  await rename(file, aside);
  await syncFolder(path.dirname(file));
  return aside;
}

/** A file that is either the old one or the new one, also after a power cut. */
async function writeDurably(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  await rm(draft, { force: true });
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  await syncFolder(path.dirname(file));
}

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
