import { createHash } from "node:crypto";

/** Line ends as LF: a checkout on another system is the same release. */
export function normalise(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

/** SHA-256 of a text in UTF-8, in hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
