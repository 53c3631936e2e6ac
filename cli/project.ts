// The project: its folder, its name, and where its commands keep what they make. That is outside the project, because the language host
// walks the whole project folder at each command.
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Failure, reasonOf } from "./failure";

/** The stack of one developer, with the embedded database and without a secret. */
export const DEV_STACK = "dev";

export const projectFolder = path.resolve(__dirname, "..");

/** Two clones never share state: the hash of the path keeps them apart, the name makes the folder recognisable. */
export const projectKey = `${path.basename(projectFolder)}-${createHash("sha256")
  .update(fs.realpathSync(projectFolder))
  .digest("hex")
  .slice(0, 8)}`;

/** The name under which Pulumi knows the project: the namespace of its configuration. */
export function projectName(): string {
  const project = fs.readFileSync(path.join(projectFolder, "Pulumi.yaml"), "utf8");
  return /^name:\s*(\S+)/m.exec(project)?.[1] ?? "";
}

/** `$ONE_ROOF_HOME/<project>`, else `$XDG_STATE_HOME/one-roof/<project>`, else `~/.local/state/one-roof/<project>`. */
export function stateFolder(): string {
  const { ONE_ROOF_HOME, XDG_STATE_HOME } = process.env;
  const home = ONE_ROOF_HOME || path.join(XDG_STATE_HOME || path.join(os.homedir(), ".local", "state"), "one-roof");
  return path.resolve(home, projectKey);
}

export function makeStateFolder(): string {
  const folder = stateFolder();
  try {
    makeFolder(folder);
    fs.accessSync(folder, fs.constants.W_OK);
  } catch (cause) {
    throw new Failure(
      `The state folder ${folder} is not writable (${reasonOf(cause)}).\nSet ONE_ROOF_HOME to a folder that is. Nothing was changed.`,
      1,
      { cause },
    );
  }
  return folder;
}

/** Node's own recursive mkdir never returns where the file system says "no such file" to every creation, as /proc does. */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    // Two commands may start at once.
    if (!fs.existsSync(folder)) throw error;
  }
}
