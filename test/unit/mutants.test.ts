import { existsSync } from "node:fs";
import { whyNotHere } from "../../tools/mutants/copy";
import { readTests } from "../../tools/mutants/jest";
import { MUTANTS } from "../../tools/mutants/mutants";

test("there are at least forty mutants, each with a name of its own", () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(40);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
  "%s still applies: what it changes is there once",
  (_, mutant) => {
    expect(whyNotHere(mutant)).toEqual([]);
    expect(mutant.tests.map(readTests).filter(({ file }) => !existsSync(file))).toEqual([]);
    expect(mutant.tests).not.toEqual([]);
  },
);
