import path from "node:path";
import { takeReadings } from "../../provider/postgres/probe";
import { loadRelease } from "../../provider/release/release";
import { rollout } from "../../tiers";
import { database, RATIFIED } from "../support/database/database";
import { providerSession } from "../support/database/session";

test("whoever asks for some readings does not wait for what the others read", async () => {
  const db = await database("signed");
  const parameters = { database: db.name, ratifiedApr: RATIFIED };
  const { probe } = await loadRelease({ root: path.resolve(""), rollout, parameters });
  const other = await db.connect();
  await other.query("BEGIN; LOCK TABLE entity_labels IN ACCESS EXCLUSIVE MODE");
  const session = await providerSession(db.url);
  await session.query("SET lock_timeout = '300ms'");
  expect(await takeReadings(session, probe, ["ownership_gap"])).toEqual({ ownership_gap: 210 });
  await expect(takeReadings(session, probe, ["orphan_labels"])).rejects.toThrow(/lock timeout/);
  await other.query("ROLLBACK");
});
