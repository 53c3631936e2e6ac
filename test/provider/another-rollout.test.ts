import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeStop } from "../../provider/model/describe";
import type { TierState } from "../../provider/model/tier-inputs";
import { catalogAndRows, differences, type Snapshot } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { APPLICATION, revised } from "../support/pulumi/harbour";
import { program, type Program } from "../support/pulumi/program";
import { Harbour } from "../support/states/harbour";
import { rollout } from "../../examples/harbour/tiers";

const HARBOUR = path.resolve("examples/harbour");

let db: TestDatabase;
let evidence: string;
let untouched: Snapshot;

beforeAll(async () => {
  db = await database("empty");
  await db.query(APPLICATION);
  evidence = mkdtempSync(path.join(os.tmpdir(), "one-roof-evidence-"));
  untouched = await catalogAndRows(db.url);
});

afterAll(async () => {
  rmSync(evidence, { recursive: true });
  await db.drop();
});

function tolls(values: Record<string, string> = {}, url = db.url): Program {
  return program({
    rollout,
    root: HARBOUR,
    url,
    values: { base: db.name, decree: "1612/4", evidence, ...values },
  });
}

/** What changed in the whole database since it was untouched. */
async function changes(): Promise<string[]> {
  return differences(untouched, await catalogAndRows(db.url));
}

describe("a rollout of another domain, through the provider alone", () => {
  const own = () => tolls();
  let states: TierState[];

  test("is rehearsed whole, and nothing of the rehearsal stays", async () => {
    const { tiers, run } = await own().plan();

    expect(run).toMatchObject({ verdict: "PASS", applies: [10, 20, 90], reversible: [10, 20], stops: [] });
    expect(run.gates).toEqual({
      10: { entry: { base: db.name, decree: "true" }, exit: { untolled: 12 } },
      20: { entry: { untolled: 12 }, exit: { untolled: 0 } },
      90: { exit: { tolls: 12, untolled: 0 } },
    });
    expect(tiers.map(({ report }) => report.delta)).toEqual([
      { objects: { function: 1, table: 2, view: 1 }, rows: {}, readings: { untolled: { before: null, after: 12 } } },
      {
        objects: {},
        rows: { "harbour.tariff": 2, "harbour.toll": 12 },
        readings: { tolls: { before: 0, after: 12 }, untolled: { before: 12, after: 0 } },
      },
      { objects: {}, rows: {}, readings: {} },
    ]);
    expect(await changes()).toEqual([]);
  });

  test("stops at its own gates, by their own names", async () => {
    const { run } = await tolls({ decree: "1612/5" }).plan();

    expect(run.verdict).toBe("STOP");
    expect(run.stops.map(describeStop)).toEqual(["tier 10 entry gate decree: expected = true, measured false"]);
  });

  test("is stopped by a gate that its file measures and does not heed", async () => {
    const heedless = revised({
      file: "sql/10_tariff.sql",
      find: "  IF failed IS NOT NULL THEN RAISE EXCEPTION 'Tariff, entry: %', failed USING ERRCODE = 'OR001'; END IF;\n",
      replace: "",
    });
    const harbour = await Harbour.build();
    expect(await harbour.stops(heedless, { decree: "1612/5" })).toEqual([
      "tier 10 entry gate decree: expected = true, measured false",
    ]);
  });

  test("is applied from a first tier that writes, under one rollout id, with a ledger of its own", async () => {
    states = await own().up();

    expect(states.map(({ tier, report }) => [tier, report.verdict])).toEqual([
      [10, "PASS"],
      [20, "PASS"],
      [90, "PASS"],
    ]);
    const ledger = await db.rows("SELECT tier, rollout_id::text FROM harbour_log.ledger ORDER BY tier");
    expect(ledger).toEqual([
      [10, states[0].rolloutId],
      [20, states[0].rolloutId],
    ]);
    expect(await db.value("SELECT harbour.price_of(6)::text")).toBe("4.00");
  });

  test("knows itself again: nothing to apply, no drift", async () => {
    const { run, tiers } = await own().plan();

    expect(run).toMatchObject({ verdict: "PASS", applies: [], removes: [] });
    expect(tiers.map(({ status, drift }) => [status.applied, drift])).toEqual([
      [true, []],
      [true, []],
      [true, []],
    ]);
  });

  test("sees drift, row by row and line by line, and lets no run begin", async () => {
    await db.query("UPDATE harbour.tariff SET price = 9 WHERE class = 'long'");
    await db.query("CREATE OR REPLACE VIEW harbour.v_untolled_berth AS SELECT number FROM harbour.berth WHERE false");
    try {
      const watched = own();
      const { run } = await watched.plan();
      const gone = await watched.read(states[1]);

      expect(run.verdict).toBe("STOP");
      expect(run.stops.map(describeStop).join("\n")).toMatch(/view harbour\.v_untolled_berth: definition changed/);
      expect(run.stops.map(describeStop).join("\n")).toMatch(/row class=long: price was 4, is 9/);
      expect(gone.props).toBe(states[1]);
      expect(watched.said.join("\n")).toMatch(/Tier 20 \(Tolls\) has drifted: .*row class=long: price was 4, is 9/);
    } finally {
      await db.query("UPDATE harbour.tariff SET price = 4.00 WHERE class = 'long'");
      await db.query(`CREATE OR REPLACE VIEW harbour.v_untolled_berth AS
        SELECT number FROM harbour.berth WHERE NOT EXISTS (SELECT FROM harbour.toll WHERE toll.berth = berth.number)`);
    }
  });

  test("is rolled back and proven, while the harbour lives on", async () => {
    await db.query("INSERT INTO harbour.vessel VALUES ('Osprey', 1)");
    const watched = own();
    expect((await watched.plan(-1)).run.removes).toEqual([10, 20]);
    for (const state of [...states].reverse()) await watched.destroy(state);

    expect(watched.said.join("\n")).toMatch(/Tier 20 \(Tolls\) rolled back and proven: -2 tariff, -12 toll/);
    expect(watched.said.join("\n")).toMatch(/Since the rollout began production has lived on: vessels 2 → 3/);
    const file = path.join(evidence, `${states[0].rolloutId}.json`);
    expect(existsSync(file) && Object.keys(JSON.parse(readFileSync(file, "utf8")).tiers)).toEqual(["10", "20"]);
    await db.query("DELETE FROM harbour.vessel WHERE name = 'Osprey'");
    expect(await changes()).toEqual([]);
  });

  test("tells a login that may not bring the ledger what to have granted", async () => {
    await db.query(`CREATE ROLE clerk LOGIN; GRANT ALL ON SCHEMA harbour TO clerk;
      GRANT ALL ON ALL TABLES IN SCHEMA harbour TO clerk`);
    try {
      const url = db.url.replace("//postgres@", "//clerk@");
      const watched = tolls({}, url);
      expect((await watched.plan()).run.verdict).toBe("NOT REHEARSED");
      expect(watched.said.join("\n")).toContain(
        `The ledger's schema harbour_log cannot be created: this login has no CREATE on database ${db.name} (permission denied ` +
          `for database ${db.name}). Nothing was changed. Have it granted: GRANT CREATE ON DATABASE ${db.name} TO …`,
      );
      await db.query(`GRANT CREATE ON DATABASE ${db.name} TO clerk`);
      expect((await tolls({}, url).plan()).run.verdict).toBe("PASS");
    } finally {
      await db.query("DROP OWNED BY clerk; DROP ROLE clerk");
    }
  });

  test("is known to others on the server by its own name", async () => {
    const other = await db.connect();
    await other.query("SELECT pg_advisory_lock(1612, 4)");
    const waiting = tolls({ retryBudget: "1s" }).plan().catch(String);
    let names: unknown[][] = [];
    while (!names.length) {
      names = await db.rows(
        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name <> ''",
      );
    }

    expect(names).toEqual([["harbour-tolls rollout rehearsal"]]);
    expect(await waiting).toMatch(/Another rollout is at work on .*: pid \d+/);
    await other.query("SELECT pg_advisory_unlock_all()");
  });
});

describe("the provider", () => {
  // Words of the domain that ships with this project; names of its settings, tables, readings and roles.
  const DOMAIN =
    /one.?roof|directus|ospa\b|ratified_?apr|governance_|axis_|ownership_|containment|responsib|taxonomy|topic|kg_domain|event_outbox|dot_tools|system_issues/i;

  const files = readdirSync("provider", { recursive: true, encoding: "utf8" })
    .filter((file) => /\.[jt]s$/.test(file))
    .map((file) => ({ file, code: readFileSync(path.join("provider", file), "utf8") }));

  test("names nothing of the domain outside of comments", () => {
    const lines = files.flatMap(({ file, code }) =>
      code
        .replace(/\/\*[\s\S]*?\*\//g, "")
        .split("\n")
        .filter((line) => DOMAIN.test(line) && !/^\s*\/\//.test(line))
        .map((line) => `${file}: ${line}`),
    );
    expect(lines).toEqual([]);
  });

  test("imports nothing of this project but itself", () => {
    const imported = files.flatMap(({ file, code }) =>
      [...code.matchAll(/(?:from|require\(|import\()\s*"(\.[^"]*)"/g)].map(([, name]) =>
        path.join(path.dirname(file), name),
      ),
    );
    expect(imported.length).toBeGreaterThan(files.length);
    expect(imported.filter((name) => name.startsWith(".."))).toEqual([]);
  });
});
