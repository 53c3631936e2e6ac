import { setTimeout as sleep } from "node:timers/promises";
import type { Client, QueryConfig, QueryResultRow } from "pg";
import { codeOf, messageOf, RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";
import type { Roles } from "../model/rollout";
import type { Target } from "../model/tier-inputs";
import { type Acting, actAsExecutor } from "./acting";
import { type Connection, readConnection, requireProtected } from "./connection";
import { connectUninterrupted, hangUp, Interrupted, interruptible, requireUninterrupted } from "./interruption";
import { requireOwnBackend } from "./pooler";
import { ConnectionLost, isConnectionError } from "./sqlstate";

/** The oldest server that the SQL runs on, as `server_version_num`. */
const OLDEST_SERVER = 150_000;

/** How long a statement may run where nobody says otherwise, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** How much longer than the server a client waits for an answer before it takes the network for dead. */
const ANSWER_GRACE_MS = 5_000;

/** How long a question of an observer may take. */
const OBSERVER_TIMEOUT_MS = 1_000;

/** How long a goodbye may take. */
const CLOSE_TIMEOUT_MS = 1_000;

/** A notice as the server sent it; the gate fields arrive in the schema, table, column, type and constraint fields. */
export interface Notice {
  readonly message?: string | undefined;
  readonly code?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly dataType?: string | undefined;
  readonly constraint?: string | undefined;
}

/** One connection to the target, with the notices it has received. */
export interface Session {
  readonly pid: number;
  /** Under which name others see it on the server. */
  readonly application: string;
  readonly target: Target;
  readonly acting: Acting;
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The same under a name: the server plans it once for all calls of this session. */
  prepared<Row extends QueryResultRow>(name: string, text: string, values: readonly unknown[]): Promise<Row[]>;
  /** Begins a transaction. From here on an interruption of the run cancels what is under way and refuses what comes next. */
  begin(how: string): Promise<void>;
  /** Ends it. An interruption does not touch this, nor what tidies up after it. */
  end(how: "COMMIT" | "ROLLBACK"): Promise<void>;
  /** Notices since the last call. */
  takeNotices(): Notice[];
  close(): Promise<void>;
}

/**
 * What every session pins, so that no setting of a role or a database changes what is measured or hashed. Names and
 * operators are PostgreSQL's own: what others create in `public` never takes part in a question of ours, so tables
 * are written with their schema.
 */
const PINNED: Readonly<Record<string, string>> = {
  search_path: "pg_catalog, pg_temp",
  client_min_messages: "notice",
  idle_in_transaction_session_timeout: "2s",
  client_connection_check_interval: "500ms",
  // A session whose client has vanished without a word must not keep the rollout's lock: none of ours idles so long.
  idle_session_timeout: "10s",
  tcp_keepalives_idle: "5",
  tcp_keepalives_interval: "2",
  tcp_keepalives_count: "3",
  timezone: "UTC",
  datestyle: "ISO, YMD",
  intervalstyle: "postgres",
  extra_float_digits: "1",
  bytea_output: "hex",
  row_security: "on",
  quote_all_identifiers: "off",
  standard_conforming_strings: "on",
};

interface Introduction {
  pid: number;
  database: string;
  system: string;
  version: number;
  server: string;
  /** "on" where the server counts the rows that a transaction writes. */
  counts: string;
}

/** How a session is opened. */
export interface ConnectOptions {
  /** Under which name the server knows it. */
  readonly application: string;
  /** Settings beside those that every session pins. */
  readonly settings?: Readonly<Record<string, string>>;
  /** In milliseconds; a client gives up waiting for an answer shortly after. */
  readonly statementTimeout?: number;
  /** The oldest server to be accepted, as `server_version_num`. */
  readonly oldest?: number;
  /** The rollout's roles, for a session that acts as the executor where they take part. */
  readonly roles?: Roles | undefined;
}

/**
 * Opens a session on the database that `DATABASE_URL` or the `PG*` variables name.
 * Throws a RolloutError that names the target, never the password, when it cannot be reached or is too old.
 */
export async function connect({
  application,
  settings = {},
  statementTimeout = STATEMENT_TIMEOUT_MS,
  oldest = OLDEST_SERVER,
  roles,
}: ConnectOptions): Promise<Session> {
  const connection = readConnection();
  requireProtected(connection);
  const client = newClient(connection, application, statementTimeout);
  const notices: Notice[] = [];
  client.on("notice", (notice) => notices.push(notice));
  // Without a listener a connection lost between two queries would end the process; the next query reports it.
  client.on("error", () => undefined);
  try {
    await connectUninterrupted(client);
  } catch (error) {
    throw error instanceof Interrupted ? error : unreachable(connection, error);
  }
  try {
    const another = () => newClient(connection, application, OBSERVER_TIMEOUT_MS);
    await requireOwnBackend(client, another, address(connection));
    const { pid, version, server, counts, ...target } = await introduce(client, { ...PINNED, ...settings });
    if (version < oldest) {
      throw new RolloutError(
        `PostgreSQL ${server} at ${address(connection)} is too old (stop gate server_version): expected 15 or newer. ` +
          `Upgrade the server first.`,
      );
    }
    if (counts !== "on") {
      throw new RolloutError(
        `The server at ${address(connection)} does not count what a transaction writes (track_counts is ${counts}), so nothing ` +
          `would see an undeclared write. Set track_counts = on for the server, the database and the login. Nothing was changed.`,
      );
    }
    const known = { pid, application, target, acting: await actAsExecutor(client, roles) };
    return session(client, notices, known, another);
  } catch (error) {
    await close(client);
    throw error instanceof RolloutError || !isConnectionError(error) ? error : new ConnectionLost(error);
  }
}

function newClient(connection: Connection, application: string, statementTimeout: number): Client {
  // Loaded where a session is opened: what only judges data has no use for it.
  const pg = require("pg") as typeof import("pg");
  return new pg.Client({
    ...connection,
    application_name: application,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    query_timeout: statementTimeout + ANSWER_GRACE_MS,
  });
}

/**
 * The first question of a session. It may be asked under a search_path that others chose (ALTER ROLE … SET, ALTER
 * DATABASE … SET), so every name in it is qualified. Not in the start-up packet: a pooler refuses settings there.
 */
async function introduce(client: Client, settings: Readonly<Record<string, string>>): Promise<Introduction> {
  const { rows } = await client.query<Introduction>(
    `SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.current_database() AS database,
            (SELECT system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system()) AS system,
            pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version,
            pg_catalog.current_setting('server_version') AS server,
            pg_catalog.current_setting('track_counts') AS counts,
            (SELECT pg_catalog.count(pg_catalog.set_config(key, value, false))
             FROM pg_catalog.json_each_text($1::pg_catalog.json)
             WHERE key OPERATOR(pg_catalog.<>) 'transaction_timeout'
                OR pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 170000
            )::pg_catalog.int4 AS settings`,
    [JSON.stringify(settings)],
  );
  const [first] = rows;
  if (!first) throw new RolloutError("The server did not introduce itself.");
  const { pid, database, system, version, server, counts } = first;
  return { pid, database: inLine(database), system, version, server: inLine(server), counts: inLine(counts) };
}

function session(
  client: Client,
  notices: Notice[],
  known: Pick<Session, "pid" | "application" | "target" | "acting">,
  another: () => Client,
): Session {
  const interrupts = interruptible(client, known.pid, another);
  let ending = false;
  let lost: ConnectionLost | undefined;
  const ask = async <Row extends QueryResultRow>(query: QueryConfig): Promise<Row[]> => {
    // A connection that broke is not asked again: each question would wait for its own time-out.
    if (lost) throw lost;
    try {
      const send = () => client.query<Row>(query);
      return (await (ending ? send() : interrupts.send(send))).rows;
    } catch (error) {
      if (error instanceof Interrupted || !isConnectionError(error)) throw error;
      lost = new ConnectionLost(error);
      throw lost;
    }
  };
  return {
    ...known,
    query: (text, values) => ask(values ? { text, values: [...values] } : { text }),
    prepared: (name, text, values) => ask({ name, text, values: [...values] }),
    async begin(how) {
      ending = false;
      await ask({ text: how });
    },
    async end(how) {
      if (how === "COMMIT") requireUninterrupted();
      ending = true;
      await ask({ text: how });
    },
    takeNotices: () => notices.splice(0),
    close() {
      interrupts.release();
      return close(client);
    },
  };
}

/** Says goodbye, and hangs up if a dead network does not answer. */
async function close(client: Client): Promise<void> {
  const bound = new AbortController();
  const hungUp = sleep(CLOSE_TIMEOUT_MS, undefined, { signal: bound.signal }).then(
    () => hangUp(client),
    () => undefined,
  );
  await Promise.race([client.end().catch(() => undefined), hungUp]);
  bound.abort();
}

/** Opens a second session that only looks on, with the rights of the first: its questions are short, so a dead network shows soon. */
export function connectObserver({ application, acting }: Session, purpose: string): Promise<Session> {
  const roles = acting.as === "login" ? undefined : acting.roles;
  return connect({ application: `${application} ${purpose}`, statementTimeout: OBSERVER_TIMEOUT_MS, roles });
}

/** Where a session is, without the password. */
function address({ user, host, port, database }: Connection): string {
  return inLine(`${user}@${host}:${port}/${database}`);
}

const NOT_TRUSTED =
  "no authority that is trusted here has signed the server's certificate. Name the right authority's certificate by sslrootcert";

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there. Start the server, or correct DATABASE_URL or PGHOST and PGPORT",
  ENOTFOUND: "there is no such host. Correct DATABASE_URL or PGHOST",
  "28P01":
    "the password was refused. Correct DATABASE_URL or PGPASSWORD; that of the rollout's own login holds only while an approval is in force",
  "28000":
    "the login was refused. Correct DATABASE_URL or PGUSER, name its certificate by sslcert and sslkey where the server asks for one, " +
    "or ask for access in pg_hba.conf",
  "3D000": "there is no database of that name. Correct DATABASE_URL or PGDATABASE",
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_TRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_TRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_TRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_TRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another name. Connect by the name that it carries",
  "53300": "the server has no connection left. Try again when it is less busy",
  "57P03": "the server is starting up or shutting down. Try again in a moment",
};

function unreachable(connection: Connection, error: unknown): RolloutError {
  const advice = ADVICE[codeOf(error) ?? ""] ?? `${messageOf(error)}. Check DATABASE_URL or the PG* variables`;
  return new RolloutError(
    `Cannot connect to the database ${address(connection)}: ${advice}. Nothing was changed.`,
    codeOf(error),
    { cause: error, failed: "unreachable" },
  );
}
