import type { TestDatabase } from "../../../test/support/database/database";
import type { Places } from "../place";
import { createRole } from "../role";
import { install } from "./install";
import { members } from "./members";
import { startDirectus } from "./server";

/** A real Directus on the database, and its users by REST. Throws with the reason where it cannot be had. */
export async function takePlaces(db: TestDatabase): Promise<Places> {
  const directus = install();
  const role = await createRole(db);
  await db.query(`GRANT CREATE ON SCHEMA public TO ${role}`);
  const server = await startDirectus(directus, db, role);
  return { places: members(server), leave: server.stop };
}
