import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { locatePostgres } from "../../../cli/dev-database/postgres";
import { atEnd } from "../clean-up";
import { until } from "../until";
import { answers, freePort, RUN_PREFIX, serverPort, urlOf } from "./server";

export type PoolMode = "session" | "transaction" | "statement";

/** Debian's pgbouncer, where it is installed. */
export const PGBOUNCER = ["/usr/sbin/pgbouncer", "pgbouncer"].find(
  (program) => spawnSync(program, ["--version"]).status === 0,
);

/** Starts pgbouncer in front of this worker's server; gives the port on which it listens. Ends with the test file. */
export async function pgbouncer(mode: PoolMode): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(`${RUN_PREFIX}pgbouncer-`);
  const { user } = locatePostgres();
  const file = path.join(folder, "pgbouncer.ini");
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: mode,
    ignore_startup_parameters: "extra_float_digits",
    logfile: path.join(folder, "log"),
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}`);
  const target = `* = host=127.0.0.1 port=${await serverPort()} user=postgres`;
  writeFileSync(file, `[databases]\n${target}\n[pgbouncer]\n${lines.join("\n")}\n`);
  // It refuses to run as root.
  chmodSync(folder, 0o700);
  if (user) for (const each of [folder, file]) chownSync(each, user.uid, user.gid);
  const child = spawn(PGBOUNCER ?? "pgbouncer", ["-q", file], { ...user, stdio: "ignore", cwd: "/" });
  atEnd(async () => {
    const ended = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await until(() => answers(urlOf(port, "postgres")), 10_000);
  return port;
}
