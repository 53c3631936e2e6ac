import { catalogAndRows, differences } from "../support/database/compare";
import { database, withDatabase, type TestDatabase } from "../support/database/database";
import { refusals } from "../support/pulumi/display";
import { withEngine, type Engine } from "../support/pulumi/engine";
import { thorough } from "../support/faults/random";
import { judgeRun } from "../support/pulumi/judgement";
import { counts, refuse, RUN_VERDICT, succeed, violations } from "../support/pulumi/operator";
import { before, edit, withProject, type Edit } from "../support/pulumi/project";

/** What belongs to the application besides the baseline: a report that somebody made, and a trigger that writes elsewhere. */
const APPLICATION = `
  CREATE VIEW report_of_labels AS SELECT count(*) AS labels FROM taxonomy;
  CREATE FUNCTION touch_label() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN UPDATE taxonomy SET code = code WHERE code = 'LBL-014'; RETURN NEW; END $$;
  CREATE TRIGGER touch_label AFTER INSERT ON governance_object_ownership FOR EACH ROW EXECUTE FUNCTION touch_label()`;

const VALUE_TOO_MANY = `INSERT INTO axis_value (axis_code, value_code, status, provenance, tag)
  VALUES ('containment', 'GRP-EXTRA', 'active', '{}', 'PROD_containment_2026-06-03')`;

const COLLECTION_REWRITTEN = `UPDATE collection_registry SET "group" = "group" WHERE collection_name = 'tasks'`;

/** One edit a rule: none of them breaks a gate. */
const EDITS: Edit[] = [
  before("exit", "sql/prod/20_responsibility_axis.sql", "TRUNCATE event_outbox"),
  before("exit", "sql/prod/20_responsibility_axis.sql", "DROP VIEW report_of_labels"),
  before("exit", "sql/prod/20_responsibility_axis.sql", "ALTER TABLE dot_tools ADD COLUMN remark text"),
  before("exit", "sql/prod/20_responsibility_axis.sql", "GRANT SELECT ON taxonomy_facets TO PUBLIC"),
  before("exit", "sql/prod/20_responsibility_axis.sql", "CREATE TABLE left_over (id integer)"),
  before("exit", "sql/prod/40_containment.sql", VALUE_TOO_MANY),
  before("exit", "sql/prod/40_containment.sql", COLLECTION_REWRITTEN),
  { file: "sql/prod/50_topic_finalization.sql", find: "  ('data-platform', 'LBL-002'),\n", replace: "" },
];

/** What the operator must read, in one line each: tier, and table or object. */
const BREACHES = [
  /tier 2 .*event_outbox.*truncated/,
  /tier 2 .*report_of_labels.*dropped/,
  /tier 2 .*dot_tools.*altered/,
  /tier 2 .*taxonomy_facets.*altered/,
  /tier 2 .*left_over.*created/,
  /tier 3 .*undeclared write in public\.taxonomy: .*30 updated/,
  /tier 4 .*axis_value: expected \+5 rows, measured \+6/,
  /tier 4 .*undeclared write in public\.collection_registry: .*1 updated/,
  /tier 5 .*topic_taxonomy_map: expected \+7 rows, measured \+6/,
];

async function withEdits(edits: Edit[], db: TestDatabase, use: (stack: Engine) => Promise<void>): Promise<void> {
  await withProject(edits, (project) => withEngine(db.url, { project }, use));
}

describe("a release that does more or less than it declares", () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await database("signed");
  });

  test("is refused in preview, naming every tier and table; create refuses too, without the pack", async () => {
    await withDatabase("signed", async (own) => {
      await own.query(APPLICATION);
      const start = await catalogAndRows(own.url);
      await withEdits(EDITS, own, async (stack) => {
        const preview = await refuse(stack.preview());
        expect(violations(preview.output)).toContain("delta_contract");
        const lines = refusals(preview.output).map((each) => each.map((line) => line.trim()).join(" "));
        expect(BREACHES.filter((breach) => !lines.some((line) => breach.test(line)))).toEqual([]);

        stack.env.PULUMI_OPTION_POLICY_PACK = undefined;
        const up = await refuse(stack.up("--skip-preview"));
        expect(violations(up.output)).toEqual([]);
        expect(BREACHES.filter((breach) => !breach.test(up.output))).toEqual([]);
        expect(stack.resources()).toEqual([]);
      });
      expect(differences(start, await catalogAndRows(own.url))).toEqual([]);
    });
  });

  /** The policies that stop such a release, and what they say. */
  async function judged(edits: Edit[]): Promise<{ names: string[]; output: string }> {
    const start = await catalogAndRows(db.url);
    const { names, output } = await withProject(edits, (project) => judgeRun(db, {}, project));
    expect(differences(start, await catalogAndRows(db.url))).toEqual([]);
    return { names: names.filter((name) => name !== RUN_VERDICT), output };
  }

  test("is refused for a single row that is written and written back", async () => {
    const rewrite = "UPDATE governance_registry SET code = code WHERE code = 'GOV-DOT'";
    const { names, output } = await judged([before("exit", "sql/prod/60_scanner_baseline.sql", rewrite)]);
    expect(names).toEqual(["delta_contract"]);
    expect(output).toMatch(/tier 6 .*undeclared write in public\.governance_registry: .*1 updated/);
  });

  test("is refused when its rollback does more, or forgets rows", async () => {
    const { names, output } = await judged([
      before("exit", "sql/prod_rollback/60_scanner_baseline.sql", "DELETE FROM birth_registry"),
      before("exit", "sql/prod_rollback/50_topic_finalization.sql", "ALTER TABLE taxonomy ADD COLUMN remark text"),
      { file: "sql/prod_rollback/40_containment.sql", find: "\\ir ../common/delete_axis.sql\n", replace: "" },
    ]);
    expect(names).toEqual(["rollback_rehearsed"]);
    expect(output).toMatch(/rollback of tier 6: .*undeclared write in public\.birth_registry: .*deleted/);
    expect(output).toMatch(/rollback of tier 5: .*taxonomy.*altered/);
    expect(output).toMatch(/rollback of tier 4: /);
  });

  test("is refused when its rollback forgets an object", async () => {
    const find = "'(table|view|function) +(\\w+)'";
    const replace = "'(table|view) +(\\w+)'";
    const { names, output } = await judged([{ file: "sql/prod_rollback/99_rollback_full.sql", find, replace }]);
    expect(names).toEqual(["rollback_rehearsed"]);
    expect(output).toMatch(/rollback of tier 1: .*(axis_objects|fn_governance_scan)/);
  });
});

describe("an edit of a tier that is applied", () => {
  const edited: Edit = {
    file: "sql/prod/20_responsibility_axis.sql",
    find: "'CR-RESP-ALL', 'responsibility'",
    replace: "'CR-RESP-ALL',\n  'responsibility'",
  };

  thorough("is refused with the lines that differ; rolled back and applied again it is accepted", async () => {
    await withDatabase("signed", (db) =>
      withProject([], (project) =>
        withEngine(db.url, { project, config: { throughTier: "2" } }, async (stack) => {
          await succeed(stack.up("--skip-preview"));
          edit(project, edited);
          const { output } = await refuse(stack.preview());
          expect(output).toMatch(/^\s*-.*'CR-RESP-ALL', 'responsibility'/m);
          expect(output).toMatch(/^\s*\+\s+'responsibility'/m);
          stack.configure({ throughTier: "1" });
          const down = await succeed(stack.up("--skip-preview"));
          expect(counts(down.output)).toContain("- 1 deleted");
          stack.configure({ throughTier: "2" });
          const again = await succeed(stack.up("--skip-preview"));
          expect(counts(again.output)).toContain("+ 1 created");
        }),
      ),
    );
  });
});
