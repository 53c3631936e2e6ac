import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { describeStop } from "../../provider/model/describe";
import { database, type TestDatabase } from "../support/database/database";
import { heard, type Program, programOn } from "../support/pulumi/program";
import { before, withProject } from "../support/pulumi/project";
import { until } from "../support/until";

/*
 * Others hold what a late statement locks. Only that is tried again: the transaction goes on from its savepoint, holds nothing that
 * others want, and is given up as a whole when somebody does, or when there is no time left.
 */

const PATIENCE_MS = 20_000;
const AGAIN = "Trying only that again";
/** The guard's patience, and what a loaded machine may add. */
const LET_THROUGH_MS = 200 + 1_200;
const OPTIONS = { lockTimeout: "300ms", statementTimeout: "5min" };

const KEEP = "UPDATE public.governance_registry SET code = code WHERE code = 'GOV-DOT'";
const WRITE = "UPDATE public.governance_registry SET code = code WHERE code = 'GOV-COUNCIL'";

/** Between the two times that the foreign key is added, when the seeds are there. */
const SLOW = before("exit", "sql/prod/60_scanner_baseline.sql", "SELECT pg_sleep(1)");

let db: TestDatabase;
let flow: Client;
let application: Client;
/** How long an undisturbed rehearsal takes here, in milliseconds. */
let takes: number;

beforeAll(async () => {
  db = await database("signed");
  [flow, application] = [await db.connect(), await db.connect()];
  await flow.query("SET application_name = 'flow'");
  await application.query("SET application_name = 'directus'; SET statement_timeout = '20s'");
  const start = performance.now();
  await programOn(db, OPTIONS).plan();
  takes = performance.now() - start;
});

afterEach(() => flow.query("ROLLBACK"));

const asleep = async () =>
  (await db.value<number>(
    "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep' AND application_name LIKE '%rollout%'",
  )) > 0;

/** The flow begins to keep its rows once the work sleeps, until that alone is tried again for which it is in the way. */
async function keptFrom(program: Program, work: Promise<unknown>, keep = KEEP): Promise<void> {
  work.catch(() => undefined);
  await until(asleep, PATIENCE_MS);
  await flow.query(`BEGIN; ${keep}`);
  let said = "";
  await until(async () => (said += heard(program)).includes(AGAIN), PATIENCE_MS);
}

/** Does it over and over until the end of `work`; gives how long the longest took, in milliseconds. */
async function longestDuring(work: Promise<unknown>, each: () => Promise<unknown>): Promise<number> {
  let over = false;
  const ended = work.then(() => undefined).finally(() => (over = true));
  ended.catch(() => undefined);
  let longest = 0;
  while (!over) {
    const start = performance.now();
    await each();
    longest = Math.max(longest, performance.now() - start);
    await sleep(20);
  }
  return longest;
}

describe("a session that keeps rows most of the time, less often free than a rehearsal takes", () => {
  test.each([
    ["that nobody else writes", OPTIONS.lockTimeout],
    ["that others write, who are let through", "60s"],
  ])(
    "of a table %s, does not use the budget up",
    async (_, lockTimeout) => {
      const program = programOn(db, { ...OPTIONS, lockTimeout, retryBudget: `${Math.ceil(takes * 7)}ms` });
      const planning = program.plan();
      const rhythm = longestDuring(planning, async () => {
        await flow.query(`BEGIN; ${KEEP}`);
        await flow.query("SELECT pg_sleep($1)", [takes / 1_000]);
        await flow.query("COMMIT");
        await sleep(Math.max(takes / 6, 300));
      });
      const waited = longestDuring(planning, () => (lockTimeout === "60s" ? application.query(WRITE) : sleep(20)));
      expect((await planning).run.verdict).toBe("PASS");
      expect(heard(program)).toContain(AGAIN);
      expect(await waited).toBeLessThan(LET_THROUGH_MS);
      await rhythm;
    },
    120_000,
  );
});

describe("a session that keeps them on and on", () => {
  test("is named when the budget is used up; nobody waits for us meanwhile", async () => {
    await withProject([SLOW], async (root) => {
      const program = programOn(db, { ...OPTIONS, retryBudget: `${Math.ceil(3_000 + takes * 2)}ms` }, { root });
      const planning = program.plan();
      await keptFrom(program, planning);
      const waited = await longestDuring(planning, () => application.query(WRITE));
      await expect(planning).rejects.toThrow(
        /10_structure\.sql line \d+: canceling statement due to lock timeout.* Held by pid \d+, user postgres, application "flow", idle in transaction for \d+ s: .*Nothing was changed\. Tried for [\d.]+ s \(retryBudget\), last at tier 1 \(Structure\), once more\./,
      );
      expect(waited).toBeLessThan(LET_THROUGH_MS);
    });
  });

  test("is waited for by the whole rehearsal, where somebody wants what that has written to", async () => {
    await withProject([SLOW], async (root) => {
      const program = programOn(db, { ...OPTIONS, retryBudget: "60s" }, { root });
      const planning = program.plan();
      await keptFrom(program, planning);
      await application.query("BEGIN; LOCK TABLE public.governance_object_ownership IN SHARE MODE; COMMIT");
      let said = "";
      await until(async () => (said += heard(program)).includes("Trying again"), PATIENCE_MS);
      expect(said).toMatch(
        /Gave way at tier 1 \(Structure\), once more, and rolled back, because others waited for us: .* on governance_object_ownership for \d+ ms/,
      );
      await flow.query("ROLLBACK");
      expect((await planning).run.verdict).toBe("PASS");
    });
  });
});

test("what a session has committed by then is judged, though the rehearsal began before", async () => {
  await flow.query(
    "INSERT INTO public.governance_registry (code, name, agency_kind) VALUES ('GOV-FLOW', 'Flow', 'operator')",
  );
  const owned =
    "UPDATE axis_object_ownership SET owner_gov_code = 'GOV-FLOW' WHERE id = (SELECT min(id) FROM axis_object_ownership)";
  await withProject([SLOW, before("exit", "sql/prod/40_containment.sql", owned)], async (root) => {
    const program = programOn(db, { ...OPTIONS, retryBudget: "60s" }, { root });
    const planning = program.plan();
    await keptFrom(program, planning, "DELETE FROM public.governance_registry WHERE code = 'GOV-FLOW'");
    await flow.query("COMMIT");
    expect((await planning).run.stops.map(describeStop).join("\n")).toMatch(
      /tier 1 once all tiers have run: .* violates foreign key constraint "axis_object_ownership_owner_fkey"/,
    );
  });
});

test("a tier that is applied waits for its key just before its COMMIT; what it waited is not told as held", async () => {
  const slowReading = {
    file: "sql/common/readings.sql",
    find: "SELECT count(*) FROM public.dot_tools",
    replace: `SELECT count(*) + CASE WHEN current_setting('one_roof.deferred', true) <> '' THEN length(pg_sleep(1)::text) ELSE 0 END
      FROM public.dot_tools`,
  };
  await withProject([slowReading], async (root) => {
    const program = programOn(db, { ...OPTIONS, retryBudget: "60s" }, { root });
    const { inputs } = await program.plan(1);
    const [first] = await program.apply(inputs.slice(0, 1));
    heard(program);
    const creating = program.create({ ...inputs[1], rolloutId: first.rolloutId });
    await keptFrom(program, creating);
    const waits = 3_000;
    await sleep(waits);
    await flow.query("ROLLBACK");
    const state = await creating;
    expect(heard(program)).not.toContain("Trying again");
    const held = "SELECT (detail #>> '{locks,0,milliseconds}')::int FROM one_roof_rollout.ledger WHERE tier = 1";
    expect(await db.value<number>(held)).toBeLessThan(waits);
    expect(await db.value<number>(held)).toBeGreaterThan(0);
    await program.destroy(state);
  });
});
