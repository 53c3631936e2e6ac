import { takeSnapshot } from "../../provider/postgres/catalog-snapshot";
import type { Session } from "../../provider/postgres/session";
import { crowd } from "../support/database/crowd";
import { withDatabase } from "../support/database/database";
import { providerSession } from "../support/database/session";

interface Node {
  "Node Type": string;
  "Parent Relationship"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Join Filter"?: number;
  Plans?: Node[];
}

/** What the server did for one snapshot. */
async function planned(session: Session): Promise<{ rowsTouched: number; mostAsked: number }> {
  let plan: Node | undefined;
  const explaining = {
    ...session,
    prepared: async (_name: string, text: string, values: readonly unknown[]) => {
      const [row] = await session.query<{ "QUERY PLAN": { Plan: Node }[] }>(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`,
        values,
      );
      plan = row["QUERY PLAN"][0].Plan;
      return [];
    },
  };
  await takeSnapshot(explaining, "some_ledger");
  const nodes = flat(plan as unknown as Node);
  const touched = (node: Node) =>
    node["Actual Loops"] *
    (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Join Filter"] ?? 0));
  const subplans = nodes.filter((node) => node["Parent Relationship"] === "SubPlan");
  return {
    rowsTouched: nodes.reduce((sum, node) => sum + touched(node), 0),
    mostAsked: Math.max(...subplans.map((node) => node["Actual Loops"])),
  };
}

function flat(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(flat)];
}

test("a snapshot asks nothing for each table, and does no more than its share with more of them", async () => {
  const [few, many] = [50, 400];
  const measured: Awaited<ReturnType<typeof planned>>[] = [];
  for (const tables of [0, few, many]) {
    measured.push(
      await withDatabase("empty", async (db) => {
        await crowd(db, tables);
        const session = await providerSession(db.url);
        const seen = await planned(session);
        await session.close();
        return seen;
      }),
    );
  }
  const [none, some, lots] = measured.map(({ rowsTouched }) => rowsTouched);
  expect(measured[2].mostAsked).toBeLessThan(few);
  // What the empty database costs is there anyway.
  expect((lots - none) / (some - none)).toBeLessThan((1.25 * many) / few);
});
