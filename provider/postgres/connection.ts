/**
 * Which database the environment names, by DATABASE_URL or the PG* variables: read, checked and shown here and nowhere
 * else, so that what is judged is what is connected to. What cannot be read is never shown: it may hold a password.
 */
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { codeOf, RolloutError } from "../model/errors";
import { inLine } from "../model/harmless";

/** Where a session is opened, as whom, and how it is protected on the way. */
export interface Connection {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Absent where the environment names none: then PGPASSFILE is asked. */
  readonly password?: string;
  /** As it was given; empty where it was not. */
  readonly sslmode: string;
  readonly ssl: false | ConnectionOptions;
  /** Start-up options for the server, as libpq's `options`. */
  readonly options?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Parameters of a URL that are understood, each with the variable of libpq that says the same. */
const VARIABLES = {
  host: "PGHOST",
  port: "PGPORT",
  user: "PGUSER",
  password: "PGPASSWORD",
  dbname: "PGDATABASE",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  options: "PGOPTIONS",
} as const;

type Settings = Partial<Record<keyof typeof VARIABLES, string>>;

const URL_FORM = "postgresql://LOGIN:PASSWORD@HOST:PORT/DATABASE";
const UNSEEN = "which is not shown because it may hold a password";

/**
 * What the environment names. Throws a RolloutError of one sentence, without anything of the value, where it cannot be
 * read or names no login.
 */
export function readConnection(env: Environment = process.env): Connection {
  const fromUrl = env.DATABASE_URL ? readUrl(env.DATABASE_URL) : {};
  const settings = { ...fromVariables(env), ...fromUrl };
  const where = env.DATABASE_URL ? "DATABASE_URL" : "PGHOST";
  const { host = "localhost", port = "5432", user, password, dbname, options, sslmode = "" } = settings;
  if (!user) throw refusal(`${where} names no login: expected ${URL_FORM}, or PGUSER beside PGHOST.`);
  if (/[@\s]|:\/\//.test(host)) throw refusal(`${where} holds no host, but something else, ${UNSEEN}.`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw refusal(`The port in ${env.DATABASE_URL ? "DATABASE_URL" : "PGPORT"} is not a number up to 65535.`);
  }
  return {
    host,
    port: Number(port),
    user,
    database: dbname ?? user,
    ...(password !== undefined && { password }),
    sslmode,
    ssl: host.startsWith("/") ? false : protection(settings),
    ...(options !== undefined && { options }),
  };
}

function refusal(text: string): RolloutError {
  return new RolloutError(`${text} Nothing was started.`, undefined, { failed: "configuration" });
}

function fromVariables(env: Environment): Settings {
  return filled(Object.entries(VARIABLES).map(([name, variable]) => [name, env[variable]]));
}

function filled(settings: readonly (readonly [string, string | undefined])[]): Settings {
  return Object.fromEntries(settings.filter(([, value]) => value));
}

function readUrl(text: string): Settings {
  const unreadable = (found: string) =>
    refusal(`DATABASE_URL is not the URL of a PostgreSQL database: expected ${URL_FORM}, found ${found}, ${UNSEEN}.`);
  if (/^\s*\w+\s*=/.test(text)) throw unreadable("settings such as host=…");
  if (!/^postgres(ql)?:/i.test(text)) throw unreadable(schemeOf(text));
  if (!/^postgres(ql)?:\/\//i.test(text)) throw unreadable("no two slashes behind the scheme");
  try {
    return settingsOf(text);
  } catch {
    throw unreadable(
      "something that cannot be read (in a name or password % @ : / ? # are written %25 %40 %3A %2F %3F %23; " +
        `known parameters are ${Object.keys(VARIABLES).join(", ")})`,
    );
  }
}

/** What a value that is meant for something else begins with; before `://` stands no password. */
function schemeOf(text: string): string {
  const [scheme] = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(text) ?? [];
  return scheme === undefined ? "something that begins with no such scheme" : `${scheme}…`;
}

/** Throws where anything in the URL is not understood. */
function settingsOf(text: string): Settings {
  if (/[\s\p{Cc}]/u.test(text)) throw new Error("It has a space.");
  // Two forms that libpq takes and a URL cannot have: no host behind a login.
  const url = new URL(text.replace(/^(\w+:\/\/[^/?#]*@)(?=[/?]|$)/, "$1_"));
  const [path = "", ...more] = url.pathname.slice(1).split("/");
  if (url.hash || more.length > 0 || path.includes("@")) throw new Error("A character is not escaped.");
  const host = decodeURIComponent(url.hostname === "_" ? "" : url.hostname).replace(/^\[(.*)\]$/, "$1");
  const parts: Settings = {
    host,
    port: url.port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    dbname: decodeURIComponent(path),
  };
  const parameters = [...url.searchParams];
  if (parameters.some(([name]) => !Object.hasOwn(VARIABLES, name))) throw new Error("A parameter is not known.");
  return filled([...Object.entries(parts), ...parameters]);
}

/**
 * What node-postgres is told of TLS, so that it need not read and warn of sslmode itself: `prefer` and `require` verify as
 * much as `verify-full`, as they do in its version 8; in libpq, and from version 9 on, they verify nothing.
 */
function protection({ sslmode = "disable", sslrootcert, sslcert, sslkey }: Settings): false | ConnectionOptions {
  const known = ["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"];
  if (!known.includes(sslmode))
    throw refusal(`The sslmode in DATABASE_URL or PGSSLMODE is not known: expected one of ${known.join(", ")}.`);
  if (sslmode === "disable") return false;
  if (sslmode === "verify-ca" && !sslrootcert) {
    throw refusal("sslmode=verify-ca needs sslrootcert: any public authority would do otherwise.");
  }
  if (Boolean(sslcert) !== Boolean(sslkey))
    throw refusal("sslcert and sslkey belong together: one of them is missing.");
  return {
    rejectUnauthorized: sslmode !== "no-verify",
    ...(sslmode === "verify-ca" && { checkServerIdentity: () => undefined }),
    // libpq's word for the authorities of the system; Node.js has its own list, and NODE_EXTRA_CA_CERTS beside it.
    ...(sslrootcert && sslrootcert !== "system" && { ca: readPem("sslrootcert", sslrootcert) }),
    ...(sslcert && { cert: readPem("sslcert", sslcert) }),
    ...(sslkey && { key: readPem("sslkey", sslkey) }),
  };
}

function readPem(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw refusal(`The file that ${name} names cannot be read (${codeOf(cause) ?? "unknown"}): ${inLine(file)}.`);
  }
}

/** The connection in words, without the password: `directus on db.example:5432 as rollout`. */
export function describeConnection({ host, port, user, database }: Connection): string {
  return inLine(`${database} on ${host.includes(":") ? `[${host}]` : host}:${port} as ${user}`);
}

/** True for this machine itself, by a Unix socket or the loopback interface: nobody is on the way. */
export function isLocal({ host }: Pick<Connection, "host">): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** What is wrong with how the connection is protected on its way to another host; undefined where nothing is. */
export function describeExposure(connection: Connection): string | undefined {
  const { host, sslmode } = connection;
  if (isLocal(connection) || sslmode === "verify-full" || sslmode === "verify-ca") return undefined;
  const found = sslmode ? `sslmode=${sslmode}` : "no sslmode";
  return `The connection to ${inLine(host)} is not protected: expected sslmode=verify-full, found ${found}.`;
}

/** The one stack on which an unprotected connection is only told: a developer's own. */
const UNPROTECTED_STACK = "dev";

/**
 * Why a stack must not use a connection to another host, over which password and data could be read or changed on the way;
 * undefined where it may.
 */
export function describeUnprotected(connection: Connection, stack: string): string | undefined {
  const exposure = describeExposure(connection);
  if (!exposure || stack.slice(stack.lastIndexOf("/") + 1) === UNPROTECTED_STACK) return undefined;
  return (
    `${exposure} Only the stack ${UNPROTECTED_STACK} may go without. Add ?sslmode=verify-full&sslrootcert=FILE to ` +
    `DATABASE_URL, or set PGSSLMODE and PGSSLROOTCERT.`
  );
}

/** Refuses such a connection. The stack is the one that PULUMI_STACK names; where nothing names it, it is not the developer's. */
export function requireProtected(connection: Connection, stack = process.env.PULUMI_STACK ?? ""): void {
  const unprotected = describeUnprotected(connection, stack);
  if (unprotected) {
    throw new RolloutError(`${unprotected} Nothing was changed.`, undefined, { failed: "configuration" });
  }
}
