import { readFileSync } from "node:fs";
import path from "node:path";
import { catalogAndRows, differences } from "../support/database/compare";
import { copy, templateName, withDatabase } from "../support/database/database";
import { APPLICATION, SECOND } from "../support/pulumi/harbour";
import { counts, succeed } from "../support/pulumi/operator";
import { type Engine, restore, withEngine } from "../support/pulumi/engine";

/*
 * State and ledger as a first release left them, made by the code that was there before a release could be a second one: the
 * harbour's tolls, applied to the database "harbour" of a PostgreSQL 16. The tiers are what their rows say was applied.
 */
const FIXTURES = "test/fixtures/first-release";
const MAJOR = 16;
const fixture = (name: string) => readFileSync(path.join(FIXTURES, name), "utf8");
const LEDGER = JSON.parse(fixture("ledger.json")) as { tier: number; apply_sql: string }[];

/** The cluster on which the fixture was made: a state belongs to one. */
const CLUSTER = /on cluster (\d+)/.exec(fixture("state.json"))?.[1] ?? "";

const CONFIG = { base: "harbour", decree: "1612/4", exemptionDecree: "1613/1" };

/** What Pulumi does with each tier, as the CLI shows it. */
function steps(output: string): Record<string, string> {
  const lines = [...output.matchAll(/^ ([+~-]) .*?:Tier (tier-\d+)\S* /gm)];
  return Object.fromEntries(lines.map(([, sign, tier]) => [tier, sign]));
}

const held = (stack: Engine) => stack.resources().map(({ outputs }) => outputs.tier);

test("a second release goes on from state, ledger and database that the former code has made, and back to the baseline", async () => {
  // Has the template made from which the other one is copied.
  await withDatabase("empty", () => Promise.resolve());
  const db = await copy(templateName("empty"), "harbour");
  try {
    const major = Math.floor(
      (await db.value<number>("SELECT current_setting('server_version_num')::integer")) / 10_000,
    );
    // Another one prints definitions in other words than those that were recorded.
    if (major !== MAJOR) {
      process.stderr.write(`Not run on PostgreSQL ${major}: the fixture is of ${MAJOR}.\n`);
      return;
    }
    await db.query(APPLICATION);
    const baseline = await catalogAndRows(db.url);
    await db.query(`SET harbour.base = 'harbour'; SET harbour.decree = '1612/4'; ${fixture("ledger.sql")}`);
    for (const { apply_sql } of LEDGER) await db.query(apply_sql);
    await db.query(
      "INSERT INTO harbour_log.ledger SELECT * FROM jsonb_populate_recordset(NULL::harbour_log.ledger, $1)",
      [JSON.stringify(LEDGER)],
    );
    const first = await catalogAndRows(db.url);
    const cluster = await db.value<string>("SELECT system_identifier::text FROM pg_control_system()");

    await withEngine(db.url, { config: CONFIG, project: SECOND.root, name: "harbour" }, async (stack) => {
      restore(stack.folder, "harbour", fixture("state.json").replaceAll(CLUSTER, cluster));
      expect(held(stack)).toEqual([10, 20, 90]);

      const preview = await succeed(stack.preview());
      expect(steps(preview.output)).toEqual({ "tier-30": "+", "tier-90": "~" });
      expect(counts(preview.output)).toEqual(["+ 1 to create", "~ 1 to update", "2 changes. 3 unchanged"]);
      expect(preview.output).toContain("~1 function, ~1 view");
      expect(differences(first, await catalogAndRows(db.url))).toEqual([]);

      const up = await succeed(stack.up("--skip-preview"));
      expect(counts(up.output)).toEqual(["+ 1 created", "~ 1 updated", "2 changes. 3 unchanged"]);
      expect(up.output).toMatch(/[0-9a-f]{12}: "tier 30"/);
      // The code that applied these kept no release.
      expect(up.output).toMatch(/not recorded: "tiers 10, 20"/);
      expect(up.output).toMatch(/\+ tier 30 Exemptions *: ".*, untolled 0 → 2"/);
      expect(held(stack)).toEqual([10, 20, 30, 90]);

      const { output } = await succeed(stack.destroy("--skip-preview"));
      expect(output).toMatch(/Tier 30 .* rolled back and proven[^]*Tier 20 .* rolled back[^]*Tier 10 .* rolled back/);
      expect(counts(output)).toContain("- 5 deleted");
      expect(differences(baseline, await catalogAndRows(db.url))).toEqual([]);
    });
  } finally {
    await db.drop();
  }
});
