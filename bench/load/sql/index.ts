import type { TestDatabase } from "../../../test/support/database/database";
import type { Place, Places } from "../place";
import { createRole } from "../role";
import { type Member, MEMBERS } from "./members";

/** An application by SQL: each member on a connection of its own. */
export async function takePlaces(db: TestDatabase): Promise<Places> {
  const role = await createRole(db);
  const places = await Promise.all(MEMBERS.map((member) => takePlace(db, role, member)));
  return { places, leave: () => Promise.all(places.map(({ leave }) => leave())).then(() => undefined) };
}

async function takePlace(db: TestDatabase, role: string, member: Member): Promise<Place & Pick<Places, "leave">> {
  const client = await db.connect(role);
  await client.query("SET application_name = 'bench application'");
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const { kind, table, every } = member;
  return {
    kind,
    table,
    every,
    ask: (turn) => client.query(member.request(turn)),
    servedBy: ({ pid }) => pid === rows[0]?.pid,
    leave: () => client.end(),
  };
}
