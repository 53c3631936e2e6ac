import { execFileSync } from "node:child_process";
import { chownSync, copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
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
  for (const name of ["bearer", "stranger"]) {
    openssl(...request, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    openssl("x509", "-req", "-in", `${name}.csr`, "-out", `${name}.crt`, "-CA", "root.crt", "-CAkey", "root.key");
  }
}

const speaksTls = async () => (await db.value("SELECT setting FROM pg_settings WHERE name = 'ssl'")) === "on";

beforeAll(async () => {
  db = await database("signed");
  folder = temporaryFolder();
  makeCertificates();
  const data = await db.value<string>("SHOW data_directory");
  const { uid, gid } = statSync(data);
  for (const name of ["server.key", "server.crt", "root.crt"]) {
    copyFileSync(path.join(folder, name), path.join(data, name));
    chownSync(path.join(data, name), uid, gid);
  }
  execFileSync("chmod", ["600", path.join(data, "server.key")]);
  await db.query("ALTER SYSTEM SET ssl = on");
  await db.query("ALTER SYSTEM SET ssl_ca_file = 'root.crt'");
  await db.query("SELECT pg_reload_conf()");
  atEnd(async () => {
    await db.query("ALTER SYSTEM RESET ssl");
    await db.query("ALTER SYSTEM RESET ssl_ca_file");
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
      /Cannot connect.*: no authority that is trusted here has signed.* by sslrootcert\./,
    );
  },
);

test("verify-full asks for the name, verify-ca does not", async () => {
  const url = new URL(db.url);
  const there = (mode: string) => `?host=localhost&port=${url.port}&sslmode=${mode}&sslrootcert=${folder}/root.crt`;
  expect(await encrypted(there("verify-ca"))).toBe(true);
  await expect(encrypted(there("verify-full"))).rejects.toThrow(/Cannot connect.*certificate is for another name/);
});

describe("a login that the server knows by its certificate", () => {
  const as = (name?: string) =>
    encrypted(
      `?user=bearer&sslmode=verify-full&sslrootcert=${folder}/root.crt` +
        (name === undefined ? "" : `&sslcert=${folder}/${name}.crt&sslkey=${folder}/${name}.key`),
    );

  beforeAll(async () => {
    const file = await db.value<string>("SHOW hba_file");
    const trusting = readFileSync(file, "utf8");
    const write = async (rules: string) => {
      writeFileSync(file, rules);
      await db.query("SELECT pg_reload_conf()");
    };
    await db.query("CREATE ROLE bearer LOGIN");
    await write(`hostssl all bearer 127.0.0.1/32 cert\n${trusting}`);
    atEnd(async () => {
      await write(trusting);
      await db.query("DROP ROLE bearer");
    });
  });

  test("comes in by its own, and by no other", async () => {
    expect(await as("bearer")).toBe(true);
    await expect(as("stranger")).rejects.toThrow(/Cannot connect to the database bearer@.*the login was refused/);
  });

  test("is told what to name where it names none", async () => {
    await expect(as()).rejects.toThrow(/the login was refused\..* name its certificate by sslcert and sslkey/);
  });
});

test("without a word nothing is encrypted", async () => {
  expect(await encrypted("")).toBe(false);
});

test("node-postgres has nothing to warn of", async () => {
  const DATABASE_URL = `${db.url}?sslmode=require&sslrootcert=${folder}/root.crt`;
  const { stdout, stderr } = await program(process.execPath, ["cli/main.js", "gate"], { DATABASE_URL });
  expect([stdout, stderr]).toEqual(["BLOCKED database: database<>directus;\n", ""]);
});

test("on the developer's stack it is only told", async () => {
  const environment = { DATABASE_URL: "postgres://me@db.invalid/directus?sslmode=require", PULUMI_STACK: "" };
  const { stderr } = await program(process.execPath, ["cli/main.js", "gate"], environment);
  expect(stderr).toMatch(
    /^The connection to db\.invalid is not protected: .*\n.*Cannot connect to the database me@db\.invalid/,
  );
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
