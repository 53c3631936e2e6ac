// The file beside a local state in which Pulumi's backend keeps a checksum that it never checks. It is written in place, so a run that is
// killed in that moment, or a machine that loses its power, leaves it empty or cut off; and then the CLI reads the state no more, and says EOF.
import fs from "node:fs";
import path from "node:path";
import { tell } from "../console";
import { stackFile } from "./backend";

/** Removes such a file where it is cut off; the backend does without it. The state itself is only ever replaced as a whole. */
export function removeTornChecksum(backend: string, stack: string, project?: string): void {
  const state = stackFile(backend, stack, project);
  for (const file of [`${state}.attrs`, `${state}.gz.attrs`].filter(isTorn)) {
    fs.rmSync(file, { force: true });
    tell(
      `A run was killed while it wrote ${path.basename(file)}, which is cut off: removed. The state of stack ${stack} is whole.`,
    );
  }
}

function isTorn(file: string): boolean {
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
  try {
    JSON.parse(fs.readFileSync(file, "utf8"));
    return false;
  } catch (error) {
    return error instanceof SyntaxError;
  }
}
