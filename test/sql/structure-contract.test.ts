import { describeStop } from "../../provider/model/describe";
import { rollout } from "../../tiers";
import { RATIFIED, withDatabase } from "../support/database/database";
import { program } from "../support/pulumi/program";
import { before, withProject } from "../support/pulumi/project";

/** What a file does behind its own gates, right before its COMMIT, only the provider can still see. */
test.each([
  [
    "privileges",
    "GRANT ALL ON public.axis_registry TO PUBLIC",
    /tier 1 table public\.axis_registry was made or changed behind a statement that locks a table of others/,
  ],
  [
    "a definition",
    "ALTER TABLE public.axis_value DROP CONSTRAINT chk_axis_value_status",
    /tier 1 table public\.axis_value was made or changed behind a statement that locks a table of others/,
  ],
])("%s changed at the end of Tier 1 are refused in preview and by create", async (_, sql, said) => {
  await withDatabase("signed", (db) =>
    withProject([before("commit", "sql/prod/10_structure.sql", sql)], async (root) => {
      const run = program({ rollout, root, url: db.url, values: { database: db.name, ratifiedApr: RATIFIED } });
      const { run: verdict } = await run.plan();
      expect(verdict.verdict).toBe("STOP");
      expect(verdict.stops.map(describeStop).join("\n")).toMatch(said);
      await expect(run.up()).rejects.toThrow(/not applied/);
      expect(await db.value("SELECT to_regclass('axis_registry')::text")).toBeNull();
    }),
  );
});
