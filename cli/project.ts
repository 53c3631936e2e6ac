// The project: its folder, its name, and where its commands keep what they make. That is outside the project, because the language host
// walks the whole project folder at each command.
import fs from "node:fs";
import path from "node:path";
import { EXIT } from "./exit-codes";
import { Failure, reasonOf } from "./failure";
import { makeFolder, projectFolder, projectKey, stateFolder } from "./state-folder";

export { projectFolder, projectKey, stateFolder };

/** The stack of one developer, with the embedded database and without a secret. */
export const DEV_STACK = "dev";

/** The name under which Pulumi knows the project: the namespace of its configuration. */
export function projectName(): string {
  const project = fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8");
  return /^name:\s*(\S+)/m.exec(project)?.[1] ?? "";
}

/** The state folder, there and ours alone. */
export function makeStateFolder(): string {
  const folder = stateFolder();
  try {
    makeFolder(folder);
    closeToOthers(folder);
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (cause) {
    throw new Failure(
      `The state folder ${folder} is not writable (${reasonOf(cause)}).\nSet ONE_ROOF_HOME to a folder that is. Nothing was changed.`,
      EXIT.configuration,
      { cause },
    );
  }
  return folder;
}

/** A server that root has made in here runs as another user, who has to pass through, and no more. */
function closeToOthers(folder: string): void {
  const { uid, mode } = fs.statSync(folder);
  const passed = process.getuid?.() === 0 && fs.existsSync(path.join(folder, "postgresql-16"));
  const closed = passed ? 0o711 : 0o700;
  if (uid === process.geteuid?.() && (mode & 0o777) !== closed) fs.chmodSync(folder, closed);
}

/** From here on nobody else can read what this process and those that it starts write: states, locks, logs, evidence. */
export function writeForOurselves(): void {
  process.umask(0o077);
}
