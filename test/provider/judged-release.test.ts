/** What is applied is what was rehearsed, and what was rehearsed is what was ratified, with the pack or without it. */
import { writeFileSync } from "node:fs";
import path from "node:path";
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
