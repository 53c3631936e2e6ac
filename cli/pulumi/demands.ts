// What any stack but the developer's demands of its surroundings. All that is missing is said at once, each with what puts it right, and
// before anything is started: nobody is to find out in production, one refusal after the other.
import fs from "node:fs";
import { describeUnprotected } from "../../provider";
import { namedConnection, namesOwnDatabase } from "../dev-database/target";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { isTerminal } from "../process";
import { DEV_STACK } from "../project";
import { type CommandLine, operationOf, isStackInit } from "./command-line";
import { readStackConfiguration, requireReadable, secretsProvider } from "./configuration";

/** The one stack of which the documents promise that it is production. */
const PRODUCTION = "prod";

/** Commands that have to do with no stack. */
const WITHOUT_STACK = ["about", "gen-completion", "help", "login", "logout", "plugin", "schema", "version"];

const SHARED_BACKEND = "export PULUMI_BACKEND_URL=s3://BUCKET (or azblob://, gs://, https://api.pulumi.com)";

/**
 * Throws where the stack's file cannot be read, or, naming everything that is missing, where the stack's own database, backend, passphrase
 * or ratified release is not there.
 */
export function requireSurroundings(line: CommandLine): void {
  const { stack, words } = line;
  const [command = "help"] = words;
  if (operationOf(line)) requireReadable(line.configFile, line.has("config-file"));
  if (stack === DEV_STACK || WITHOUT_STACK.includes(command)) return;
  const missing = [missingDatabase, missingBackend, missingPassphrase, missingRelease].flatMap(
    (demand) => demand(line) ?? [],
  );
  if (missing.length === 0) return;
  const named = words.slice(0, command === "stack" ? 2 : 1).join(" ");
  throw new Failure(
    `Stack ${stack} is not ready for ${named}, and nothing was started:\n${missing.map((text) => `  - ${text}`).join("\n")}`,
    EXIT.configuration,
  );
}

function missingDatabase(line: CommandLine): string | undefined {
  if (!operationOf(line)) return undefined;
  if (!namesOwnDatabase()) {
    return (
      "It has a database of its own, and none is named: " +
      "export DATABASE_URL='postgresql://LOGIN@HOST/DATABASE?sslmode=verify-full&sslrootcert=FILE', or PGHOST and so on."
    );
  }
  const connection = namedConnection();
  return connection && describeUnprotected(connection, line.stack);
}

/** A folder of one machine is no place for a state that a team needs. Whoever names one for a clone means it. */
function missingBackend({ stack }: CommandLine): string | undefined {
  const { PULUMI_BACKEND_URL: url } = process.env;
  if (!url) {
    return `It keeps its state in the team's own backend, and none is named: ${SHARED_BACKEND}.`;
  }
  if (stack !== PRODUCTION || !isLocal(url)) return undefined;
  return (
    `PULUMI_BACKEND_URL names a folder of this machine (${url}), where nobody else finds the state of production: ` +
    `${SHARED_BACKEND}. A clone may use a folder, as a stack of another name: export PULUMI_STACK=clone.`
  );
}

function isLocal(url: string): boolean {
  return /^file:/i.test(url);
}

function missingPassphrase(line: CommandLine): string | undefined {
  if (!needsPassphrase(line)) return undefined;
  const given = passphrase();
  // At a terminal Pulumi asks for one that is not set.
  const needed = operationOf(line) !== undefined || isStackInit(line);
  if (given === undefined ? !needed || isTerminal() : given !== "") return undefined;
  const change = isStackInit(line) ? "--secrets-provider URL" : "npm run pulumi -- stack change-secrets-provider URL";
  return (
    `Its secrets are encrypted with a passphrase, and ${given === undefined ? "none is given" : "the one that is given is empty"}: ` +
    `export PULUMI_CONFIG_PASSPHRASE_FILE=FILE, or use the team's key service: ${change}.`
  );
}

/** As Pulumi decides it: by the stack's file, and for a new stack by the option; a service has keys of its own. */
function needsPassphrase(line: CommandLine): boolean {
  const { words, configFile } = line;
  // That is the way away from an empty one.
  if (words[0] === "stack" && !["init", "export", "import", "output"].includes(words[1] ?? "")) return false;
  const provider = (isStackInit(line) ? line.secretsProvider : undefined) ?? secretsProvider(configFile) ?? "default";
  if (provider === "passphrase") return true;
  return provider === "default" && !/^https?:/i.test(process.env.PULUMI_BACKEND_URL ?? "");
}

/** As Pulumi reads it: the variable goes before the file. A file that cannot be read gives none. */
function passphrase(): string | undefined {
  const { PULUMI_CONFIG_PASSPHRASE: text, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  if (text !== undefined || !file) return text;
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** The program refuses it too, however it is started; here it is said together with the rest. */
function missingRelease(line: CommandLine): string | undefined {
  const { configFile, cwd } = line;
  if (!["preview", "up"].includes(operationOf(line) ?? "") || line.has("config")) return undefined;
  // Another project's stack, such as that of access, has no release.
  if (cwd !== undefined || !fs.existsSync(configFile)) return undefined;
  if (readStackConfiguration(configFile, ["release"]).release) return undefined;
  return (
    "It pins no release, so nothing says which files were ratified: npm run pulumi -- config set release DIGEST, " +
    "with the digest that npm run manifest prints, once it is ratified."
  );
}
