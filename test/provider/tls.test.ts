import { execFileSync } from "node:child_process";
import { chownSync, copyFileSync, statSync } from "node:fs";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { connect } from "../../provider/postgres/session";
import { atEnd } from "../support/clean-up";
import { database, type TestDatabase } from "../support/database/database";
import { program } from "../support/database/psql";
import { temporaryFolder } from "../support/folder";
import { until } from "../support/until";

/** A server that speaks TLS, under a certificate for 127.0.0.1 that an authority of its own has signed. */

let db: TestDatabase;
let folder: string;

const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });

function makeCertificates(): void {
  const request = ["req", "-newkey", "rsa:2048", "-nodes"];
  openssl(...request, "-x509", "-subj", "/CN=authority", "-keyout", "root.key", "-out", "root.crt");
  openssl(...request, "-x509", "-subj", "/CN=another", "-keyout", "other.key", "-out", "other.crt");
  openssl(
    ...request,
    "-subj",
    "/CN=127.0.0.1",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
    "-keyout",
    "server.key",
    "-out",
    "server.csr",
  );
  const sign = ["x509", "-req", "-in", "server.csr", "-copy_extensions", "copy", "-out", "server.crt"];
  openssl(...sign, "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial");
}

const speaksTls = async () => (await db.value("SELECT setting FROM pg_settings WHERE name = 'ssl'")) === "on";

beforeAll(async () => {
  db = await database("signed");
  folder = temporaryFolder();
  makeCertificates();
  const data = await db.value<string>("SHOW data_directory");
  const { uid, gid } = statSync(data);
  for (const name of ["server.key", "server.crt"]) {
    copyFileSync(path.join(folder, name), path.join(data, name));
    chownSync(path.join(data, name), uid, gid);
  }
  execFileSync("chmod", ["600", path.join(data, "server.key")]);
  await db.query("ALTER SYSTEM SET ssl = on");
  await db.query("SELECT pg_reload_conf()");
  atEnd(async () => {
    await db.query("ALTER SYSTEM RESET ssl");
    await db.query("SELECT pg_reload_conf()");
  });
  await until(speaksTls, 10_000);
});

async function encrypted(query: string): Promise<boolean> {
  const { DATABASE_URL: former = "" } = process.env;
  process.env.DATABASE_URL = `${db.url}${query}`;
  try {
    const session = await connect({ application: "tls" });
    const [row] = await session.query<{ ssl: boolean }>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    await session.close();
    return row.ssl;
  } finally {
    process.env.DATABASE_URL = former;
  }
}

test.each([["verify-full"], ["verify-ca"], ["require"]])(
  "sslmode=%s is encrypted, under the right authority",
  async (mode) => {
    expect(await encrypted(`?sslmode=${mode}&sslrootcert=${folder}/root.crt`)).toBe(true);
    await expect(encrypted(`?sslmode=${mode}&sslrootcert=${folder}/other.crt`)).rejects.toThrow(
      /Cannot connect.*certificate/,
    );
  },
);

test("verify-full asks for the name, verify-ca does not", async () => {
  const url = new URL(db.url);
  const there = (mode: string) => `?host=localhost&port=${url.port}&sslmode=${mode}&sslrootcert=${folder}/root.crt`;
  expect(await encrypted(there("verify-ca"))).toBe(true);
  await expect(encrypted(there("verify-full"))).rejects.toThrow(/Cannot connect.*altnames/);
});

test("without a word nothing is encrypted", async () => {
  expect(await encrypted("")).toBe(false);
});

test("node-postgres has nothing to warn of", async () => {
  const DATABASE_URL = `${db.url}?sslmode=require&sslrootcert=${folder}/root.crt`;
  const { stdout, stderr } = await program(process.execPath, ["cli/main.js", "gate"], { DATABASE_URL });
  expect([stdout, stderr]).toEqual(["BLOCKED database: database<>directus;\n", ""]);
});

test("a stack of its own is refused where the way is not protected, before anything is asked", async () => {
  const environment = {
    DATABASE_URL: "postgres://me:hunter2@db.invalid/directus?sslmode=require",
    PULUMI_STACK: "prod",
  };
  for (const command of ["gate", "preview"]) {
    const { code, stdout, stderr } = await program(process.execPath, ["cli/main.js", command], environment);
    expect([code, stdout]).toEqual([EXIT.configuration, ""]);
    expect(stderr).toMatch(/^( {2}- )?The connection to db\.invalid is not protected: .* found sslmode=require\..*\n/m);
    expect(stderr).not.toContain("hunter2");
  }
});
