import { SEED, shareOf } from "../support/faults/random";
import { CASES, type Ending, judge, nameOf, reference } from "../support/states/cases";

/*
 * State, ledger and database in every combination that can be reached, and every command on each: it ends done and exact, or
 * refused by name with nothing changed. There is no third end. A seeded share; all of them where CHAOS=all.
 */

const SHARE = Number(process.env.SHARE ?? 30);

test(`every combination ends done and exact, or refused with nothing changed (seed ${SEED})`, async () => {
  const drawn = shareOf(CASES, SHARE);
  const made = await reference();
  const counts = { done: 0, refused: 0, stopped: 0, unclassified: 0 };
  const wrong: string[] = [];
  for (const each of drawn) {
    const ending = await judge(each, made).catch((error: unknown): Ending => ({
      is: "unclassified",
      why: [String(error)],
    }));
    counts[ending.is]++;
    if (ending.is === "unclassified") wrong.push([nameOf(each), ...ending.why.slice(0, 5)].join("\n    "));
  }
  process.stderr.write(
    `${drawn.length} of ${CASES.length} combinations (CHAOS_SEED=${SEED}): ${counts.done} done, ${counts.refused} refused, ${counts.stopped} stopped, ${counts.unclassified} unclassified\n`,
  );
  expect(wrong).toEqual([]);
}, 3_600_000);
