import { isWanted, shareOf } from "../support/faults/random";
import { tally } from "../support/faults/tally";
import { catalogAndRows, differences } from "../support/database/compare";
import { shapeOf } from "../support/pulumi/outcome";
import { CASES, type Ending, judge, nameOf, type Reference, reference } from "../support/states/cases";
import { enter, SAME } from "../support/states/worlds";

/*
 * State, ledger and database in every combination that can be reached, and every command on each: it ends done and exact, or
 * refused by name with nothing changed. There is no third end. A seeded share; all of them: npm run chaos -- states.
 */

const SHARE = Number(process.env.SHARE ?? 12);

let made: Reference;

beforeAll(async () => (made = await reference()), 120_000);

test("every combination ends done and exact, or refused with nothing changed", async () => {
  const drawn = shareOf(CASES, SHARE).filter((each) => isWanted(nameOf(each)));
  const counts = tally(`of ${CASES.length} combinations`, 1);
  counts.at("combinations", drawn.length);
  const wrong: string[] = [];
  for (const each of drawn) {
    const ending = await judge(each, made).catch((error: unknown): Ending => ({
      is: "unclassified",
      why: [String(error)],
    }));
    counts.count(ending.is);
    if (ending.is !== "unclassified") continue;
    counts.inexact();
    wrong.push([nameOf(each), ...ending.why.slice(0, 5)].join("\n    "));
  }
  process.stderr.write(`${counts.text()}\n`);
  expect(wrong).toEqual([]);
}, 7_200_000);

test.each(Object.entries(SAME))("%s is no other world than %s", async (combination, world) => {
  const look = async (name: string) => {
    await enter(name);
    return shapeOf(await catalogAndRows(made.setting.url));
  };
  expect(differences(await look(world), await look(combination))).toEqual([]);
});
