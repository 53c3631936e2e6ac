/** One-Roof itself, all tiers applied: a later release appends tier 12 behind its verification, which is then run again. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { factsOf } from "../../cli/monitor/facts";
import { readConfiguration } from "../../provider/model/configuration";
import { inOrder, type Rollout } from "../../provider/model/rollout";
import type { TierState } from "../../provider/model/tier-inputs";
import { mayGoBack, measureStatus } from "../../provider/plan/status";
import { monitor } from "../../tiers/monitor";
import { catalogAndRows, differences } from "../support/database/compare";
import { RATIFIED, withDatabase } from "../support/database/database";
import { temporaryFolder } from "../support/folder";
import { withoutOwnFiles } from "../support/pulumi/outcome";
import { UNHURRIED } from "../support/pulumi/program";
import { withProject } from "../support/pulumi/project";
import { type Command, run, type Setting } from "../support/states/engine";

jest.setTimeout(180_000);

const VIEW = "public.v_axis_required_cell";

/** A file of tier 12, by the machinery of the other tiers. */
const file = (step: string, work: string) => `BEGIN;
SET LOCAL one_roof.step = '${step}';
\\ir ../common/ground.sql
SET LOCAL one_roof.gates = $$
  database  =  {database}
$$;
\\ir ../common/entry_gates.sql
SET LOCAL one_roof.act_as = 'owner';
\\ir ../common/role.sql
${work}
COMMIT;
`;

const TIER = `
import type { TierDeclaration } from "../provider";
import { entry } from "./gates";
export const note: TierDeclaration = {
  tier: 12, name: "note", title: "Note", apply: "sql/prod/70_note.sql", rollback: "sql/prod_rollback/70_note.sql",
  gates: [entry("database", "=", { parameter: "database" })],
  delta: { objects: {}, changes: { view: ["${VIEW}"] }, rows: {}, readings: {} },
  parameters: ["database"],
};
`;

test("is appended, verified, and taken back to the baseline", async () => {
  const edits = [
    {
      file: "tiers/index.ts",
      find: "import { roles }",
      replace: 'import { note } from "./tier-12-note";\nimport { roles }',
    },
    { file: "tiers/index.ts", find: "    verification,\n", replace: "    verification,\n    note,\n" },
  ];
  await withProject(edits, async (root) => {
    await withDatabase("signed", async (db) => {
      const baseline = withoutOwnFiles(await catalogAndRows(db.url));
      const comment = () => db.value<string>(`SELECT obj_description('${VIEW}'::regclass)`);
      const values = { database: db.name, ratifiedApr: RATIFIED, holdBudget: UNHURRIED, evidence: temporaryFolder() };
      let state: readonly TierState[] = [];
      const command = async (name: Command, more: Partial<Setting> = {}) => {
        const { refusal, state: left } = await run(name, state, { url: db.url, values, ...more });
        if (refusal) throw refusal;
        state = left;
      };

      await command("up");
      const [former, first] = [await comment(), state];
      const back = `COMMENT ON VIEW ${VIEW} IS '${former.replaceAll("'", "''")}';`;
      writeFileSync(
        path.join(root, "sql/prod/70_note.sql"),
        file("Tier 12 (note)", `COMMENT ON VIEW ${VIEW} IS 'Noted.';`),
      );
      writeFileSync(
        path.join(root, "sql/prod_rollback/70_note.sql"),
        file(
          "Tier 12 rollback",
          `${back}\nSET LOCAL one_roof.act_as = 'executor';\n\\ir ../common/role.sql\n\\ir ../common/forget_tier.sql`,
        ),
      );
      writeFileSync(path.join(root, "tiers/tier-12-note.ts"), TIER);
      const { rollout } = require(path.join(root, "tiers")) as { rollout: Rollout };
      const look = async (throughTier: number) => {
        process.env.DATABASE_URL = db.url;
        const wanted = readConfiguration(rollout, { ...values, throughTier: `${throughTier}` });
        const status = await measureStatus({ root, rollout }, monitor, wanted, { stack: "dev", approval: false });
        return factsOf(status, {
          rollout: inOrder(rollout),
          connection: "",
          stack: "dev",
          parameters: wanted.parameters,
          throughTier,
        });
      };
      expect((await look(8)).next).toEqual(["npm run up goes on with tier 12; take it back: npm run destroy"]);
      expect((await look(6)).next[1]).toBe("go on: npm run pulumi -- config set throughTier 8; npm run up");
      await command("up", { root, rollout });
      const stands = await look(8);
      expect(stands.tiers.map(({ tier }) => tier)).toEqual([0, 1, 2, 3, 4, 5, 6, 12, 8]);
      expect(stands.next).toEqual(["npm run verify; take it back: npm run destroy"]);
      expect(stands.back.tiers.map(({ tier }) => tier)).toEqual([12, 6, 5, 4, 3, 2, 1]);
      expect((await look(6)).next[0]).toMatch(/^npm run up rolls back what is above tier 6, /);
      await db.query(`CREATE VIEW report AS SELECT * FROM ${VIEW}`);
      const built = await look(8);
      await db.query("DROP VIEW report");
      expect(built.back.tiers.filter((each) => !mayGoBack(each))).toMatchObject([
        { tier: 1, dataLoss: [], dependents: ["view public.report depends on view public.v_axis_required_cell"] },
      ]);

      expect(state.map(({ tier }) => tier)).toEqual([0, 1, 2, 3, 4, 5, 6, 12, 8]);
      expect(state.slice(0, 7)).toEqual(first.slice(0, 7));
      expect(state.at(-1)).not.toEqual(first.at(-1));
      expect(await comment()).toBe("Noted.");
      await command("destroy", { root, rollout });
      expect(differences(baseline, withoutOwnFiles(await catalogAndRows(db.url)))).toEqual([]);
    });
  });
});
