import { readFileSync } from "node:fs";
import path from "node:path";
import { sha256 } from "../release/digest";

/** SHA-256 of every provider text that a commit ever stored: those that test/fixtures/stored-provider keeps. */
const STORED: readonly string[] = [
  "9925a6ecb56f41d85da513c73913f4d303b6a9cf6f987c72e2f26d642b30f639",
  "44101e79ff025855ed5b9fcf9ed8ae5e0919beff264a9230706d861719c65137",
];

/** The provider that is stored today, as text. */
export function storedProvider(): string {
  return readFileSync(path.join(__dirname, "stored-provider.js"), "utf8");
}

/** True for a text that a commit of this project has stored in a state. The engine would run any other just the same. */
export function isKnownProvider(text: string): boolean {
  return text === storedProvider() || STORED.includes(sha256(text));
}
