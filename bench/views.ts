import { readFileSync } from "node:fs";
import path from "node:path";
import type { TestDatabase } from "../test/support/database/database";
import type { Options } from "./options";
import { applying, releaseFor, runScripts, timed, withSession } from "./run";
import { median, printLines } from "./table";

/** How many collections the baseline governs. */
const GOVERNED = 35;

/** What people read, and a scan: as it is now, beside as it was before. */
const READS: readonly (readonly [name: string, now: string, former: string])[] = [
  ["v_ui_coverage_dashboard", "SELECT * FROM v_ui_coverage_dashboard", "SELECT * FROM former.v_ui_coverage_dashboard"],
  ["v_ui_review_queue", "SELECT * FROM v_ui_review_queue", "SELECT * FROM former.v_ui_review_queue"],
  [
    "v_axis_coverage_gap of one axis",
    "SELECT count(*) FROM v_axis_coverage_gap WHERE axis_code = 'topic'",
    "SELECT count(*) FROM former.v_axis_coverage_gap WHERE axis_code = 'topic'",
  ],
  ["v_axis_coverage_summary", "SELECT * FROM v_axis_coverage_summary", "SELECT * FROM former.v_axis_coverage_summary"],
  [
    "v_reconcile_label_orphan",
    "SELECT * FROM v_reconcile_label_orphan",
    "SELECT * FROM former.v_reconcile_label_orphan",
  ],
  ["a scan", "SELECT fn_governance_scan('bench', 'now')", "SELECT former.fn_governance_scan('bench', 'before')"],
];

/** Views without a former definition. */
const OTHERS = ["v_ui_axis_browser", "v_ui_object_topic", "v_ui_topic_tree", "v_ui_lane", "v_ui_detector_findings"];

/**
 * The read contract on a finished rollout, over as many collections as asked for: each read by turns as it is defined now
 * and as it was before, and their ratio.
 */
export async function benchViews(db: TestDatabase, { rounds, collections }: Options): Promise<void> {
  const release = await releaseFor(db);
  await withSession(db, (session) => runScripts(session, applying(release)));
  await db.query(readFileSync(path.join(__dirname, "former-views.sql"), "utf8"));
  const times = Math.max(1, Math.round(collections / GOVERNED));
  await db.query(`SET one_roof.times = '${times}'; ${readFileSync(path.join(__dirname, "grow.sql"), "utf8")}`);

  for (const [name, now, former] of READS) {
    const [is, was]: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      const turns = [() => read(db, now, is), () => read(db, former, was)];
      for (const turn of round % 2 ? turns : turns.reverse()) await turn();
      // The first round warms the caches of both.
      if (round === 0) is.length = was.length = 0;
    }
    printLines(`${name}, ${times * GOVERNED} collections`, [
      { name: "now", values: is },
      { name: "before", values: was },
    ]);
    console.log(`  now / before: ${(median(is) / median(was)).toFixed(2)}`);
  }
  const others = [];
  for (const name of OTHERS) {
    const values: number[] = [];
    for (let round = 0; round <= rounds; round++) await read(db, `SELECT * FROM ${name}`, values);
    others.push({ name, values: values.slice(1) });
  }
  printLines(`The other views of the read contract, ${times * GOVERNED} collections`, others);
}

async function read(db: TestDatabase, sql: string, times: number[]): Promise<void> {
  times.push(await timed(() => db.query(sql)));
}
