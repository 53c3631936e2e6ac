import { retried } from "../provider/postgres/retry";
import { withRolloutLock } from "../provider/postgres/transaction";
import { rehearse } from "../provider/plan/rehearsal";
import type { TestDatabase } from "../test/support/database/database";
import type { Options } from "./options";
import { applying, contextFor, releaseFor, rollingBack, runScripts, timed, withSession } from "./run";
import { median, printLines, printRatio } from "./table";

/** The design allows a rehearsal, with all that it measures, 2.2 times the SQL of what it rehearses. */
const ALLOWED = 2.2;

/** A rehearsal of all tiers and their rollbacks beside the SQL of applying and rolling them back, by turns. */
export async function benchRehearsal(db: TestDatabase, { rounds }: Options): Promise<void> {
  const release = await releaseFor(db);
  const [rehearsed, applied, back]: [number[], number[], number[]] = [[], [], []];
  const work = { pending: release.tiers, toRollBack: [] };
  let costs = "";
  const byRehearsal = () =>
    withSession(db, async (session) => {
      const context = contextFor(db, session, release, (line) => (costs = line));
      rehearsed.push(
        await timed(() =>
          withRolloutLock(context, release.rollout, () =>
            retried(context, "the rehearsal", (guard) => rehearse(context, guard, work)),
          ),
        ),
      );
    });
  const bySql = () =>
    withSession(db, async (session) => {
      applied.push(await runScripts(session, applying(release)));
      back.push(await runScripts(session, rollingBack(release)));
    });
  // The first round warms the caches of both.
  for (let round = 0; round <= rounds; round++) {
    for (const turn of round % 2 ? [byRehearsal, bySql] : [bySql, byRehearsal]) await turn();
    if (round === 0) for (const list of [rehearsed, applied, back]) list.length = 0;
  }
  const sum = applied.map((time, round) => time + (back[round] ?? 0));
  printLines(`Rehearsal of the eight tiers and their rollbacks, ${rounds} rounds`, [
    { name: "rehearsal", values: rehearsed },
    { name: "SQL of apply", values: applied },
    { name: "SQL of rollback", values: back },
  ]);
  printRatio("rehearsal / SQL of apply and rollback", median(rehearsed) / median(sum), ALLOWED);
  console.log(`  ${costs}`);
}
