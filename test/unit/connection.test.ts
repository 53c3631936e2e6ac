import { writeFileSync } from "node:fs";
import path from "node:path";
import {
  describeConnection,
  describeExposure,
  isLocal,
  readConnection,
  requireProtected,
} from "../../provider/postgres/connection";
import { connect } from "../../provider/postgres/session";
import { temporaryFolder } from "../support/folder";

const of = (DATABASE_URL: string) => readConnection({ DATABASE_URL });

describe("a URL", () => {
  test.each([
    ["postgresql://me:pw@db.example:6000/directus", "directus on db.example:6000 as me", "pw"],
    ["postgres://me@db.example/", "me on db.example:5432 as me", undefined],
    ["POSTGRES://me@[::1]/x", "x on [::1]:5432 as me", undefined],
    ["postgres://m%40e:p%2F%23%25@h/a%24b%20c", "a$b c on h:5432 as m@e", "p/#%"],
    ["postgres://me@%2Fvar%2Frun/x", "x on /var/run:5432 as me", undefined],
    ["postgres://me:pw@/x?host=/var/run&port=7", "x on /var/run:7 as me", "pw"],
    ["postgres:///x?host=%2Fvar%2Frun&user=me&password=p%24", "x on /var/run:5432 as me", "p$"],
    ["postgres://me@127.0.0.1/x?host=db.example", "x on db.example:5432 as me", undefined],
    ["postgres://me@h/x\u202e", "x\\u202e on h:5432 as me", undefined],
  ])("%s", (url, shown, password) => {
    const connection = of(url);
    expect(describeConnection(connection)).toBe(shown);
    expect(connection.password).toBe(password);
  });

  test.each([
    ["host=db.example user=me password=hunter2 dbname=x"],
    ["postgres:/me:hunter2@db.example/x"],
    ["postgres:me:hunter2@db.example/x"],
    ["me:hunter2@db.example:5432/x"],
    ["//me:hunter2@db.example/x"],
    ["mysql://me:hunter2@db.example/x"],
    ["hunter2"],
    ["postgres://me:hunter2@db.example:port/x"],
    ["postgres://me:hunter2@db.example:99999/x"],
    ["postgres://me:hun/ter2@db.example/x"],
    ["postgres://me:1#hunter2@db.example/x"],
    ["postgres://me:1?hunter2@db.example/x"],
    ["postgres://me:1/hunter2@db.example/x"],
    ["postgres://me:%hunter2@db.example/x"],
    ["postgres://me:hunter2@db.example/x/y"],
    ["postgres://me:hunter2@db.example/x?schema=hunter2"],
    ["postgres://me:hunter2@db.example/x?sslmode=hunter2"],
    ["postgres://me:hunter2@db.example/x?sslmode=verify-ca"],
    [" postgres://me:hunter2@db.example/x"],
    ["postgres://me:hunter2@db.example/x\n"],
    ["postgres://db.example/hunter2"],
    ["postgres://:hunter2@db.example/x"],
    ["/var/run hunter2"],
    ["postgres://me@h/x?host=me:hunter2@db.example"],
  ])("%j is refused in one sentence that shows nothing of it", (url) => {
    expect(() => of(url)).toThrow(/Nothing was started\.$/);
    expect(() => of(url)).not.toThrow(/hunter2|hun\/|ter2|db\.example|\n/);
  });
});

test("what another program's URL begins with is named", () => {
  expect(() => of("mysql://me:hunter2@db.example/x")).toThrow(
    /expected postgresql:.*, found mysql:\/\/…, which is not/,
  );
  expect(() => of("garbage")).toThrow(/found something that begins with no such scheme, /);
});

test.each([
  [{ PGHOST: "postgres://me:hunter2@db.example", PGUSER: "me" }],
  [{ PGHOST: "db.example", PGUSER: "me", PGPORT: "hunter2" }],
  [{ PGHOST: "db.example" }],
  [{ PGHOST: "db.example", PGUSER: "me", PGSSLMODE: "hunter2" }],
])("%j is refused in one sentence that shows nothing of it", (env) => {
  expect(() => readConnection(env)).toThrow(/Nothing was started\.$/);
  expect(() => readConnection(env)).not.toThrow(/hunter2|\n/);
});

test("the variables of libpq, and a URL before them", () => {
  const env = { PGHOST: "db.example", PGPORT: "6000", PGUSER: "me", PGPASSWORD: "pw", PGDATABASE: "a$b" };
  expect(describeConnection(readConnection(env))).toBe("a$b on db.example:6000 as me");
  expect(readConnection(env).password).toBe("pw");
  expect(readConnection({ ...env, DATABASE_URL: "postgres://you@h/c" })).toMatchObject({ host: "h", user: "you" });
});

describe("the way to the server", () => {
  const folder = temporaryFolder();
  const authority = path.join(folder, "root.crt");
  writeFileSync(authority, "PEM");

  test.each([
    ["", false],
    ["?sslmode=disable", false],
    ["?sslmode=require", { rejectUnauthorized: true }],
    ["?sslmode=verify-full", { rejectUnauthorized: true }],
    ["?sslmode=verify-full&sslrootcert=system", { rejectUnauthorized: true }],
    [`?sslmode=verify-full&sslrootcert=${authority}`, { rejectUnauthorized: true, ca: "PEM" }],
    [`?sslmode=verify-full&sslcert=${authority}&sslkey=${authority}`, { cert: "PEM", key: "PEM" }],
    ["?sslmode=no-verify", { rejectUnauthorized: false }],
  ])("%s", (query, ssl) => {
    const found = of(`postgres://me@db.example/x${query}`).ssl;
    if (ssl === false) expect(found).toBe(false);
    else expect(found).toMatchObject(ssl);
  });

  test("verify-ca asks for an authority and for no name", () => {
    const { ssl } = of(`postgres://me@db.example/x?sslmode=verify-ca&sslrootcert=${authority}`);
    expect(ssl).toEqual({ rejectUnauthorized: true, ca: "PEM", checkServerIdentity: expect.any(Function) });
  });

  test.each([["sslrootcert"], ["sslkey"]])("a %s that cannot be read is named", (name) => {
    const other = name === "sslkey" ? `&sslcert=${authority}` : "";
    const url = `postgres://me@h/x?sslmode=verify-full&${name}=/nowhere/file${other}`;
    expect(() => of(url)).toThrow(
      new RegExp(`The file that ${name} names cannot be read \\(\\w+\\): /nowhere/file\\.`),
    );
  });

  test.each([
    ["localhost", true],
    ["127.0.0.1", true],
    ["127.1.2.3", true],
    ["[::1]", true],
    ["%2Frun", true],
    ["127.0.0.1.evil.example", false],
    ["10.0.0.1", false],
    ["db.example", false],
  ])("%s is on this machine: %s", (host, local) => {
    expect(isLocal(of(`postgres://me@${host}/x`))).toBe(local);
  });

  test.each([
    ["", "prod", "found no sslmode"],
    ["", "", "found no sslmode"],
    ["", "organization/dev/prod", "found no sslmode"],
    ["?sslmode=require", "prod", "found sslmode=require"],
    ["?sslmode=no-verify", "prod", "found sslmode=no-verify"],
  ])("%j to another host is refused on the stack %j", (query, stack, found) => {
    const connection = of(`postgres://me:hunter2@db.example/x${query}`);
    expect(() => requireProtected(connection, stack)).toThrow(found);
    expect(() => requireProtected(connection, stack)).toThrow("Nothing was changed.");
    expect(describeExposure(connection)).toContain("db.example is not protected");
    expect(() => requireProtected(connection, "organization/one-roof/dev")).not.toThrow();
  });

  test.each([["postgres://me@db.example/x?sslmode=verify-full"], ["postgres://me@127.0.0.1/x"]])("%s may", (url) => {
    expect(() => requireProtected(of(url), "prod")).not.toThrow();
    expect(describeExposure(of(url))).toBeUndefined();
  });
});

test("no session is opened over a way that is not protected, and nobody is asked for the host", async () => {
  const { DATABASE_URL, PULUMI_STACK } = process.env;
  Object.assign(process.env, { DATABASE_URL: "postgres://me:hunter2@db.invalid/x", PULUMI_STACK: "prod" });
  try {
    await expect(connect({ application: "test" })).rejects.toThrow(
      /^The connection to db\.invalid is not protected: expected sslmode=verify-full, found no sslmode\./,
    );
  } finally {
    Object.assign(process.env, { DATABASE_URL: DATABASE_URL ?? "", PULUMI_STACK: PULUMI_STACK ?? "" });
  }
});
