import { declareAccess } from "../../access/declaration";
import { installSql, removeSql } from "../../access/sql";
import { auditAccess, describeAccess } from "../../provider";
import { atEnd } from "../support/clean-up";
import { database } from "../support/database/database";
import { ACCESS, removeRoles } from "../support/database/roles";
import { providerSession } from "../support/database/session";

/** An administrator as a managed service has one: it creates roles, and owns the database with all that is in it. */
const ADMINISTRATOR = `CREATE ROLE administrator LOGIN CREATEROLE;
  GRANT pg_read_all_stats, one_roof_reader TO administrator WITH ADMIN OPTION`;

const OWNS_ALL = `DO $$ DECLARE relation text; BEGIN
  EXECUTE format('ALTER DATABASE %I OWNER TO administrator', current_database());
  FOR relation IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
  LOOP EXECUTE format('ALTER TABLE %s OWNER TO administrator', relation); END LOOP; END $$`;

test("whoever makes the roles need not be a superuser, and does not become what they are", async () => {
  const server = await database("empty");
  atEnd(removeRoles);
  const db = await database("signed");
  await server.query(ADMINISTRATOR);
  atEnd(() => server.query("DROP OWNED BY administrator; DROP ROLE administrator"));
  await db.query(OWNS_ALL);
  atEnd(db.drop);

  const session = await providerSession(db.url.replace("//postgres@", "//administrator@"));
  for (let run = 1; run <= 2; run++) await session.query(installSql(ACCESS));
  const told = await auditAccess(session, declareAccess({ administrators: ["administrator"] }));
  // It may not read approvals, which is as it should be.
  expect(told.findings.map(describeAccess)).toEqual([
    "administrator: SELECT on table one_roof_access.approval is declared and not there",
  ]);
  await expect(session.query("SET ROLE one_roof_owner")).rejects.toMatchObject({ code: "42501" });
  await session.query(removeSql(ACCESS));
  // The reader may be known to another database of the server: it goes where it can.
  const left = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'one_roof%' AND rolname <> 'one_roof_reader'";
  expect(await db.rows(left)).toEqual([]);
});
