// Which database the commands work on: the one that the environment names, else the embedded one.
import { Failure } from "../failure";
import { DEV_STACK } from "../project";
import { DATABASE, ensureDatabase } from "./baseline";
import { clusterUrl, readCluster } from "./cluster";

/** True where the environment names a database that is not the embedded one: then nothing embedded is started or touched. */
export function isExternal(): boolean {
  return isNamed() && !isEmbedded();
}

function isNamed(): boolean {
  return Boolean(process.env.DATABASE_URL || process.env.PGHOST);
}

/** After `eval "$(npm -s run db -- psql-env)"` the environment names the embedded database: it is still ours. */
function isEmbedded(): boolean {
  const cluster = readCluster();
  if (!cluster) return false;
  const { DATABASE_URL, PGHOST, PGPORT } = process.env;
  const { host, port } = DATABASE_URL ? hostAndPort(DATABASE_URL) : { host: PGHOST, port: PGPORT };
  return (host === "127.0.0.1" || host === "localhost") && Number(port) === cluster.port;
}

function hostAndPort(url: string): { host: string; port: string } {
  try {
    const { hostname, port } = new URL(url);
    return { host: hostname, port };
  } catch {
    // Not a URL: the provider refuses it with its own message.
    return { host: "", port: "" };
  }
}

/** Only the dev stack falls back on the embedded database. */
export function requireOwnDatabase(stack: string): void {
  if (stack === DEV_STACK || isExternal()) return;
  throw new Failure(`Stack ${stack} has a database of its own: set DATABASE_URL or PGHOST. Nothing was started.`);
}

/** The environment that makes a program connect to the stack's target; starts the embedded database where that is the target. */
export async function targetEnvironment(stack: string): Promise<NodeJS.ProcessEnv> {
  if (stack !== DEV_STACK || isExternal()) return {};
  const cluster = await ensureDatabase();
  return isNamed() ? {} : { DATABASE_URL: clusterUrl(cluster, DATABASE) };
}

/** The same target for psql and other programs of libpq, which do not know DATABASE_URL. */
export function libpqEnvironment(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    PGHOST: hostname,
    PGPORT: port || "5432",
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  };
}
