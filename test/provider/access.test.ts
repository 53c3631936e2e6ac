import * as approvals from "../../access/entry";
import { approvalsSql, installSql, removeApprovalsSql } from "../../access/sql";
import type { TestDatabase } from "../support/database/database";
import { ACCESS, audit, databaseWithRoles, findings, RELEASE, ROLES } from "../support/database/roles";

let db: TestDatabase;

beforeAll(async () => {
  db = await databaseWithRoles();
});

test("the script brings a database to what is declared, and may be run again", async () => {
  expect(await findings(db)).toEqual([]);
  await db.query(installSql(ACCESS));
  expect(await findings(db)).toEqual([]);
});

test("an approval that was in force in a database that is gone gives the login nothing in the next one", async () => {
  const gone = await databaseWithRoles();
  await gone.query(`SELECT ${ROLES.access}.approve($1, 'APR-0211', '1 hour')`, [RELEASE]);
  await gone.drop();
  const next = await databaseWithRoles();
  expect(await findings(next)).toEqual([]);
});

test("a rollout that stands already gets owner and grants", async () => {
  const rolledOut = await databaseWithRoles("tier-6");
  expect(await findings(rolledOut)).toEqual([]);
  expect((await audit(rolledOut)).inForce).toBeUndefined();
});

test("what the plugin cannot say is made and taken back by the resource of its own", async () => {
  const resource = {
    database: db.name,
    sql: approvalsSql(ACCESS),
    removal: removeApprovalsSql(ACCESS),
  };
  const { DATABASE_URL: former } = process.env;
  process.env.DATABASE_URL = db.url;
  try {
    await approvals.delete("", resource);
    expect(await db.value("SELECT to_regclass('one_roof_access.approval')")).toBeNull();
    await expect(approvals.create({ ...resource, database: "another" })).rejects.toThrow(
      "Expected the database another",
    );
    await approvals.create(resource);
    await approvals.update("", resource, resource);
  } finally {
    process.env.DATABASE_URL = former ?? "";
  }
  // Its grants are the plugin's.
  expect((await findings(db)).map((each) => each.split(" on ")[1])).toEqual([
    ...Array<string>(3).fill("table one_roof_access.approval is declared and not there"),
    "function one_roof_access.approve(release text, request text, valid_for interval) is declared and not there",
    ...Array<string>(3).fill("function one_roof_access.withdraw() is declared and not there"),
  ]);
  expect(approvals.diff("", resource, resource)).toEqual({ changes: false, replaces: [] });
  expect(approvals.diff("", resource, { ...resource, sql: "" }).changes).toBe(true);
});
