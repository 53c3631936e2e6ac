import { installSql } from "../../access/sql";
import type { TestDatabase } from "../support/database/database";
import { ACCESS, audit, databaseWithRoles, findings } from "../support/database/roles";

let db: TestDatabase;

beforeAll(async () => {
  db = await databaseWithRoles();
});

test("the script brings a database to what is declared, and may be run again", async () => {
  expect(await findings(db)).toEqual([]);
  await db.query(installSql(ACCESS));
  expect(await findings(db)).toEqual([]);
});

test("a rollout that stands already gets owner and grants", async () => {
  const rolledOut = await databaseWithRoles("tier-6");
  expect(await findings(rolledOut)).toEqual([]);
  expect((await audit(rolledOut)).inForce).toBeUndefined();
});
