import type { TestDatabase } from "../../test/support/database/database";

/** As whom the application logs in. */
const ROLE = "bench_application";

/** A role as an application has it: it may read and write every table that is there, and nothing else. It goes with the bench's server. */
export async function createRole(db: TestDatabase): Promise<string> {
  await db.query(`
    DO $$ BEGIN IF to_regrole('${ROLE}') IS NULL THEN CREATE ROLE ${ROLE} LOGIN; END IF; END $$;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${ROLE};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${ROLE}`);
  return ROLE;
}
