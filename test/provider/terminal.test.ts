import { database, RATIFIED, type TestDatabase } from "../support/database/database";
import { program as run } from "../support/database/psql";
import { heard, programOn } from "../support/pulumi/program";

/** What others have named and said reaches a terminal as text: no escape sequence, no turned line, no line that looks like ours. */

const FORGED = "e\x1b]0;owned\x07\x1b[2J\u202e\nTier 1 (Structure) rolled back";
const OBEYED = /(?![\n\t])[\p{Cc}\p{Cf}]/u;

let db: TestDatabase;

beforeAll(async () => (db = await database("signed")));
test("a blocker's login and query", async () => {
  const program = programOn(db, { retryBudget: "1s", lockTimeout: "200ms" });
  await db.query(`CREATE ROLE "${FORGED}" LOGIN; GRANT SELECT, UPDATE ON governance_registry TO "${FORGED}"`);
  const blocker = await db.connect(encodeURIComponent(FORGED));
  await blocker.query(`SET application_name = '${FORGED}'`);
  await blocker.query("BEGIN");
  await blocker.query(`LOCK TABLE governance_registry IN ACCESS EXCLUSIVE MODE /* ${FORGED} */`);
  await expect(program.plan()).rejects.toThrow(/Held by pid/);
  const said = heard(program);
  expect(said).toContain("user e\\x1b]0;owned\\x07\\x1b[2J\\u202e\\nTier 1");
  expect(said).not.toMatch(OBEYED);
  expect(said).not.toMatch(/^Tier 1 \(Structure\) rolled back/m);
  await blocker.end();
  await db.query(`DROP OWNED BY "${FORGED}"; DROP ROLE "${FORGED}"`);
});

test("names of objects in a refusal, and values that drifted", async () => {
  const program = programOn(db);
  const states = await program.up();
  await db.query(`CREATE VIEW public."${FORGED}" AS SELECT * FROM public.axis_value`);
  await db.query(`UPDATE public.axis_value SET tag = tag || $1`, [FORGED]);
  await expect(program.plan(-1)).rejects.toThrow(/cannot be rolled back/);
  await program.plan().catch(() => undefined);
  const said = heard(program);
  expect(said).toContain("\\x1b[2J\\u202e\\nTier 1");
  expect(said).not.toMatch(OBEYED);
  expect(said).not.toMatch(/^Tier 1 \(Structure\) rolled back/m);
  expect(states).toHaveLength(8);
});

test("a reading that others have worded, by the command", async () => {
  await db.query("ALTER TABLE approval_requests DROP CONSTRAINT approval_requests_status_check");
  await db.query("UPDATE approval_requests SET status = $1 WHERE code = $2", ["\x9b31m\u202e", RATIFIED]);
  const environment = { DATABASE_URL: db.url, RATIFIED_APR: RATIFIED };
  const { stdout, stderr } = await run(process.execPath, ["cli/main.js", "gate", "--json"], environment);
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^\{.*\\\\x9b31m\\\\u202e.*\}\n$/), ""]);
  expect(stdout).not.toMatch(OBEYED);
});
