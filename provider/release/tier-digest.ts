import type { Parameters } from "../model/gates";
import type { TierDeclaration } from "../model/rollout";
import { sha256 } from "./digest";
import { expand, textOf } from "./include";

/** A tier's files as they are recorded and hashed, unparsed: enough to compare them with what was applied. */
export interface TierTexts {
  readonly declaration: TierDeclaration;
  /** SHA-256 over the SQL and the parameters that it reads. */
  readonly digest: string;
  /** Empty for a tier that only reads. */
  readonly rollback: string;
}

/** What a tier is known by: the digests of its files and the parameters that they read. */
export function tierDigest(
  { parameters: read }: TierDeclaration,
  files: { readonly apply: string; readonly rollback?: string | undefined },
  parameters: Parameters,
): string {
  const values = read.map((name) => `${name}=${parameters[name] ?? ""}`);
  return sha256([files.apply, files.rollback ?? "", ...values].join("\n"));
}

/** Reads the files of a tier, for whoever only compares: to split them into statements takes ten times as long. */
export async function readTierTexts(
  root: string,
  declaration: TierDeclaration,
  parameters: Parameters,
): Promise<TierTexts> {
  const [apply = "", rollback] = await Promise.all(
    [declaration.apply, ...(declaration.rollback ? [declaration.rollback] : [])].map(async (file) =>
      textOf(await expand(root, file)),
    ),
  );
  const digests = { apply: sha256(apply), rollback: rollback === undefined ? undefined : sha256(rollback) };
  return { declaration, digest: tierDigest(declaration, digests, parameters), rollback: rollback ?? "" };
}
