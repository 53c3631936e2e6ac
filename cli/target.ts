// Which database the commands work on: the one that the environment names, else the embedded one.
import { DATABASE, ensureDatabase } from "./baseline";
import { clusterUrl, readCluster } from "./cluster";

type Environment = NodeJS.ProcessEnv;

/** True where the environment names a database that is not the embedded one: then nothing embedded is started or touched. */
export function isExternal(env: Environment = process.env): boolean {
  return names(env) && !namesEmbedded(env);
}

function names(env: Environment): boolean {
  return Boolean(env.DATABASE_URL || env.PGHOST);
}

/** After `eval "$(npm -s run db -- psql-env)"` the environment names the embedded database: it is still ours. */
function namesEmbedded(env: Environment): boolean {
  const cluster = readCluster();
  if (!cluster) return false;
  const { host, port } = env.DATABASE_URL ? hostAndPort(env.DATABASE_URL) : { host: env.PGHOST, port: env.PGPORT };
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

/** The environment that makes a program connect to the target; starts the embedded database where that is the target. */
export async function targetEnvironment(env: Environment = process.env): Promise<Environment> {
  if (isExternal(env)) return {};
  const cluster = await ensureDatabase();
  return names(env) ? {} : { DATABASE_URL: clusterUrl(cluster, DATABASE) };
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
