import { execFile } from "node:child_process";

export interface PsqlResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Settings of the session, by name, as an operator would give them in PGOPTIONS. */
export type Settings = Record<string, string>;

/** Runs psql as an operator does by hand: no start-up file, stop at the first error. */
export function psql(url: string, args: readonly string[], settings: Settings = {}): Promise<PsqlResult> {
  return program("psql", ["-X", "-v", "ON_ERROR_STOP=1", "-d", url, ...args], { PGOPTIONS: pgOptions(settings) });
}

/** Runs a program with nothing of the caller's PG* environment; a refusal is a result here, not an error. */
export function program(
  name: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<PsqlResult> {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith("PG") && key !== "DATABASE_URL");
  const env = { ...Object.fromEntries(inherited), ...environment };
  return new Promise((resolve, reject) => {
    execFile(name, [...args], { env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(explained(name, error));
      else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

export function pgOptions(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/([\\ ])/g, "\\$1")}`)
    .join(" ");
}

function explained(name: string, error: Error & { code?: unknown }): Error {
  if (error.code !== "ENOENT") return error;
  return new Error(`The tests need ${name} 15 or newer: install postgresql-client.`, { cause: error });
}
