/** A rollback file whose own gates look at nothing is held to its proof all the same, rehearsed and run. */
import { describeStop } from "../../provider/model/describe";
import { catalogAndRows, differences } from "../support/database/compare";
import { withDatabase } from "../support/database/database";
import { stateOf } from "../support/pulumi/applied";
import { programOn } from "../support/pulumi/program";
import { type Edit, withProject } from "../support/pulumi/project";

const FILE = "sql/prod_rollback/40_containment.sql";

/** The file forgets all of its rows, and nothing in it asks for them. */
const FORGETFUL: Edit[] = [
  { file: FILE, find: "\\ir ../common/delete_axis.sql\n", replace: "" },
  { file: FILE, find: "  tier_rows   =  0\n  row_deltas  =  as declared\n", replace: "  tier_rows   >=  0\n" },
];

const FORGOTTEN = "not restored: public.axis_assignment: expected 0 own rows as at entry, found 35";

test("rows that it forgets are found where the server counted nothing: its rehearsal names them, and it is not committed", async () => {
  await withDatabase("signed", (db) =>
    withProject(FORGETFUL, async (root) => {
      const rollout = programOn(db, {}, { root });
      const { inputs, run } = await rollout.plan(4);
      expect(run.stops.map(describeStop)).toContain(`rollback of tier 4: ${FORGOTTEN}`);

      const states = await rollout.apply(
        inputs.map((each) => ({ ...each, run: { ...each.run, verdict: "PASS", stops: [] } })),
      );
      const before = await catalogAndRows(db.url);
      await expect(rollout.plan(3)).rejects.toThrow(FORGOTTEN);
      await expect(rollout.destroy(stateOf(states, 4))).rejects.toThrow(
        new RegExp(`^Tier 4 \\(Containment\\) cannot be rolled back, nothing was changed:[^]*${FORGOTTEN}`),
      );
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    }),
  );
});
