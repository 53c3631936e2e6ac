import { declareAccess } from "../../../access/declaration";
import { installSql } from "../../../access/sql";
import { auditAccess, describeAccess } from "../../../provider";
import type { AccessAudit } from "../../../provider/postgres/access";
import { atEnd } from "../clean-up";
import { database, type State, type TestDatabase } from "./database";
import { providerSession } from "./session";

export const RELEASE = "a".repeat(64);
export const ACCESS = declareAccess();
export const ROLES = ACCESS.names;

let isRemovalPlanned = false;

/** A database in which roles take part. They belong to the server: the first one takes them away when all others are gone. */
export async function databaseWithRoles(state: State = "signed"): Promise<TestDatabase> {
  if (!isRemovalPlanned) {
    // Whatever an earlier file of this worker has left.
    await removeRoles();
    atEnd(removeRoles);
  }
  isRemovalPlanned = true;
  const db = await database(state);
  await db.query(installSql(ACCESS));
  return db;
}

/** The roles as they were before any file of this worker had some; the baseline brings the reader. */
export async function removeRoles(): Promise<void> {
  const server = await database("empty");
  for (const name of Object.values(ROLES).filter((role) => role !== ROLES.reader)) {
    await server.query(`DROP ROLE IF EXISTS ${name}`);
  }
  await server.query(
    `DO $$ BEGIN IF to_regrole('${ROLES.reader}') IS NULL THEN CREATE ROLE ${ROLES.reader}; END IF; END $$`,
  );
  await server.query(`ALTER ROLE ${ROLES.reader} NOLOGIN INHERIT; ALTER ROLE ${ROLES.reader} RESET ALL`);
  await server.drop();
}

/** What the audit says, asked by a session of this user. */
export async function audit(db: TestDatabase, user = "postgres"): Promise<AccessAudit> {
  const session = await providerSession(db.url.replace("//postgres@", `//${user}@`));
  try {
    return await auditAccess(session, ACCESS);
  } finally {
    await session.close();
  }
}

/** The same as people read it. */
export async function findings(db: TestDatabase): Promise<string[]> {
  return (await audit(db)).findings.map(describeAccess);
}
