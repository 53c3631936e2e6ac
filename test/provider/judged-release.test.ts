/** What is applied is what was rehearsed, and what was rehearsed is what was ratified, with the pack or without it. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { TierInputs } from "../../provider/model/tier-inputs";
import { withDatabase } from "../support/database/database";
import { programOn } from "../support/pulumi/program";
import { before, edit, withProject } from "../support/pulumi/project";

const FILE = "sql/prod/20_responsibility_axis.sql";

test.each<[what: string, change: (folder: string) => void]>([
  ["the tier's own file", (folder: string) => edit(folder, before("exit", FILE, "SELECT 1"))],
  [
    "an included file",
    (folder) => edit(folder, { file: "sql/common/gates.sql", find: "DO $gates$", replace: "SELECT 1;\nDO $gates$" }),
  ],
  ["a file that is new", (folder) => writeFileSync(path.join(folder, "sql/prod/zz.sql"), "SELECT 1;\n")],
])("%s changed between rehearsal and create is refused, and nothing is applied", async (_, change) => {
  await withDatabase("signed", (db) =>
    withProject([], async (root) => {
      const run = programOn(db, {}, { root });
      const { inputs } = await run.plan(2);
      change(root);
      await expect(run.apply(inputs)).rejects.toThrow(
        /files were changed after they were rehearsed[^]*Nothing was changed/,
      );
      expect(await db.value("SELECT to_regclass('public.axis_registry')::text")).toBeNull();
    }),
  );
});

test("another release than the ratified one is refused by create itself", async () => {
  await withDatabase("signed", async (db) => {
    const run = programOn(db, { release: "0".repeat(64) });
    await expect(run.up(1)).rejects.toThrow(
      /the ratified release is 0{64}, the files that were rehearsed are [0-9a-f]{64}/,
    );
    expect(await db.value("SELECT to_regclass('public.axis_registry')::text")).toBeNull();
  });
});

test.each<[what: string, inputs: Partial<TierInputs>, why: RegExp]>([
  [
    "another database",
    { target: { database: "another", system: "1" } },
    /^Wrong target: this stack's state was made on/,
  ],
  ["a module outside of the project", { module: "../tiers" }, /^The state names no module of this project\./],
  ["a module by its path", { module: "/tmp/tiers" }, /^The state names no module of this project\./],
])("a hook whose inputs name %s does nothing", async (_, other, why) => {
  await withDatabase("signed", async (db) => {
    const run = programOn(db);
    const [first, ...states] = await run.up(2);
    const edited = { ...states[1], ...other };
    for (const work of [() => run.create(edited), () => run.read(edited), () => run.destroy(edited)]) {
      await expect(work()).rejects.toThrow(why);
    }
    await expect(run.create({ ...first, ...other })).rejects.toThrow(why);
    expect(await db.value("SELECT string_agg(action, ' ') FROM one_roof_rollout.ledger")).toBe("applied applied");
  });
});
