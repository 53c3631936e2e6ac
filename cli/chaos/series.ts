// Which tests put all their faults in, on which servers, and how their cases are dealt out to processes.
import fs from "node:fs";
import path from "node:path";
import { locatePostgres } from "../dev-database/postgres";
import { Failure } from "../failure";
import { capture } from "../process";

/** Where Debian and its kin install one server of each version. */
const INSTALLED = "/usr/lib/postgresql";
const SUPPORTED = [15, 16, 17, 18];

/** One test on one server, dealt out to so many processes. */
export interface Series {
  test: string;
  /** Folder with `initdb` and `postgres`. */
  bin: string;
  version: string;
  parts: number;
}

/** What is the same on every server, dealt out to as many processes as there are. */
const DEALT = [
  "test/e2e/state-writes.test.ts",
  "test/provider/states.test.ts",
  "test/provider/model.test.ts",
  "test/provider/locked-relations.test.ts",
];

/** What is left out of `npm test`, by the real CLI: a process each. */
const WHOLE = ["contract", "disagreement", "gates", "interrupt", "kill", "operators", "states", "stored-provider"];

/**
 * Every round trip on every server; and on the first every write of Pulumi's state, every combination of state and database, a
 * thousand sequences of events, and a lock on each relation; all in so many parts each; and all tests by the real CLI of which
 * `npm test` does a few.
 * `TEST_PG_BIN` names the servers, as PATH names folders; else it is ours and those that are installed.
 */
export function allSeries(parts: number): Series[] {
  const servers = findServers().map((bin) => ({ bin, version: versionOf(bin) }));
  const trips = servers.map((server) => ({ ...server, test: "test/provider/cut.test.ts", parts }));
  const once = (test: string, parts: number) => servers.slice(0, 1).map((server) => ({ ...server, test, parts }));
  return [
    ...WHOLE.flatMap((name) => once(`test/e2e/${name}.test.ts`, 1)),
    ...DEALT.flatMap((test) => once(test, parts)),
    ...trips,
  ];
}

function findServers(): string[] {
  const { TEST_PG_BIN: named } = process.env;
  if (named) return named.split(path.delimiter);
  const installed = SUPPORTED.map((version) => path.join(INSTALLED, `${version}`, "bin"));
  return [locatePostgres().bin, ...installed.filter((bin) => fs.existsSync(path.join(bin, "initdb")))];
}

function versionOf(bin: string): string {
  const { ok, stdout, reason } = capture(path.join(bin, "postgres"), ["--version"]);
  if (ok) return /\d+(\.\d+)?/.exec(stdout)?.[0] ?? stdout;
  throw new Failure(
    `${bin} has no PostgreSQL server that runs: ${reason}. Set TEST_PG_BIN to folders with initdb and postgres.`,
  );
}
