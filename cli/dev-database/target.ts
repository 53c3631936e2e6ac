// Which database the commands work on: the one that the environment names, else the embedded one.
import { type Connection, describeConnection, messageOf, readConnection, requireProtected } from "../../provider";
import { EXIT } from "../exit-codes";
import { Failure } from "../failure";
import { DEV_STACK } from "../project";
import { DATABASE, ensureDatabase } from "./baseline";
import type { Connecting } from "./roles";
import { clusterUrl, readCluster, runningCluster, systemIdentifier, withConnection } from "./cluster";

const HOW_LONG_TO_ASK_MS = 5_000;

/** True where the environment names a database that is not the embedded one: then nothing embedded is started or touched. */
export function isExternal(): boolean {
  const connection = namedConnection();
  return connection !== undefined && !isEmbeddedAddress(connection);
}

/** True where the environment names a database for a stack of its own: any but the developer's, on the embedded server too. */
export function namesOwnDatabase(): boolean {
  const connection = namedConnection();
  return connection !== undefined && !(isEmbeddedAddress(connection) && connection.database === DATABASE);
}

/** What the environment names. Throws, without showing it, where that cannot be read: before anything is started. */
export function namedConnection(): Connection | undefined {
  const { DATABASE_URL, PGHOST } = process.env;
  return DATABASE_URL || PGHOST ? connectionOf(process.env) : undefined;
}

function connectionOf(env: NodeJS.ProcessEnv): Connection {
  try {
    return readConnection(env);
  } catch (cause) {
    throw new Failure(messageOf(cause), EXIT.configuration, { cause });
  }
}

/** After `eval "$(npm -s run db -- psql-env)"` the environment names the embedded database: it is still ours. */
function isEmbeddedAddress({ host, port }: Connection): boolean {
  return host === "127.0.0.1" && port === readCluster()?.port;
}

/** Only the dev stack falls back on the embedded database; any other goes to another host by a protected connection. */
export function requireOwnDatabase(stack: string): void {
  if (stack !== DEV_STACK && !namesOwnDatabase()) {
    throw new Failure(
      `Stack ${stack} has a database of its own: set DATABASE_URL or PGHOST. Nothing was started.`,
      EXIT.configuration,
    );
  }
  const connection = namedConnection();
  if (!connection) return;
  try {
    requireProtected(connection, stack);
  } catch (cause) {
    throw new Failure(messageOf(cause), EXIT.configuration, { cause });
  }
}

/** What a program wants of the target. */
export interface Purpose {
  /** Whom it connects as where that is not named. */
  readonly as: Connecting;
  /** The request under which it may write; where none is named, it only reads. */
  readonly request?: string | undefined;
}

/**
 * The environment that makes a program connect to the stack's target; starts the embedded database where that is the target, and
 * plays the approver there.
 */
export async function targetEnvironment(stack: string, { as, request }: Purpose): Promise<NodeJS.ProcessEnv> {
  // In this process too it is known on which stack an unprotected connection is only told.
  const named = { PULUMI_STACK: stack };
  if (stack !== DEV_STACK || isExternal()) return named;
  const cluster = await ensureDatabase();
  const { loginOf, playApprover } = require("./roles") as typeof import("./roles");
  // Without roles there is nothing to approve.
  if (request && cluster.rolePassword) await playApprover(cluster, DATABASE, request);
  return namedConnection() ? named : { ...named, DATABASE_URL: clusterUrl(cluster, DATABASE, loginOf(cluster, as)) };
}

/** The same for a command that only looks and so starts nothing. Throws where the embedded database is the target and does not run. */
export async function runningEnvironment(stack: string, as: Connecting): Promise<NodeJS.ProcessEnv> {
  if (stack !== DEV_STACK || isExternal()) return {};
  const cluster = await runningCluster();
  if (!cluster?.loaded) {
    const found = readCluster()?.loaded ? "is not running" : "is not there yet";
    throw new Failure(`The embedded database ${found}. Start it: npm run db -- start`, EXIT.unreachable);
  }
  const { loginOf } = require("./roles") as typeof import("./roles");
  return namedConnection() ? {} : { DATABASE_URL: clusterUrl(cluster, DATABASE, loginOf(cluster, as)) };
}

/** The target of a command with this environment, in words: `directus on db.example:5432 as rollout`. */
export function describeTarget(env: NodeJS.ProcessEnv): string {
  return describeConnection(connectionOf(env));
}

/** Its name alone. */
export function databaseOf(env: NodeJS.ProcessEnv): string {
  return connectionOf(env).database;
}

/**
 * True only for the server that we have started ourselves: it answers under the identifier that is in our own cluster's
 * files. An address alone proves nothing: the port may be a tunnel's, to a server that others need.
 */
export async function isOwnServer(env: NodeJS.ProcessEnv): Promise<boolean> {
  const connection = connectionOf(env);
  const cluster = readCluster();
  if (!cluster || !isEmbeddedAddress(connection)) return false;
  const ask = withConnection({ ...connection, connectionTimeoutMillis: HOW_LONG_TO_ASK_MS }, async (client) => {
    const { rows } = await client.query<{ system: string }>(
      "SELECT system_identifier::pg_catalog.text AS system FROM pg_catalog.pg_control_system()",
    );
    return rows[0]?.system;
  });
  const answer = await ask.catch(() => undefined);
  return answer !== undefined && answer === systemIdentifier(cluster);
}

/** The same target for psql and other programs of libpq, which do not know DATABASE_URL. */
export function libpqEnvironment(url: string): Record<string, string> {
  const { host, port, user, password = "", database } = connectionOf({ DATABASE_URL: url });
  return { PGHOST: host, PGPORT: `${port}`, PGUSER: user, PGPASSWORD: password, PGDATABASE: database };
}
