import fc from "fast-check";
import { ALL, PART, PARTS, SEED } from "../support/faults/random";
import { tally } from "../support/faults/tally";
import { before, withProject } from "../support/pulumi/project";
import { reference } from "../support/states/cases";
import { type Real, sequences, untouched } from "../support/states/model";
import { harbour, ONE_ROOF } from "../support/states/outlines";
import { enter } from "../support/states/worlds";

/*
 * Sequences of commands and events beside a model of them, of two rollouts: a small one, whose sequences are cheap, and One-Roof. A
 * seeded share; a thousand of each: npm run chaos -- model. What failed is told shrunk to its shortest form, with the seed and the
 * path that repeat it.
 */

const SHARES = { harbour: 50, oneRoof: Number(process.env.SHARE ?? 4) };

/** Each process of a chaos run draws its own, and each run others than the one before. */
const OWN_SEED = SEED * PARTS + PART - 1;

const counts = tally("sequences", 2);

afterAll(() => void process.stderr.write(`${counts.text()}\n`));

/** Runs as many sequences as are this process's part, each from the beginning. */
async function beside(share: number, real: Omit<Real, "state">, begin: () => Promise<void>): Promise<void> {
  const runs = ALL ? Math.ceil(1_000 / PARTS) : share;
  counts.at("sequences", runs);
  const property = fc.asyncProperty(sequences(real.outline), async (commands) => {
    await begin();
    await fc.asyncModelRun(() => ({ model: untouched(), real: { ...real, state: [] } }), commands);
    counts.count("as the model says");
  });
  const drawn = { seed: OWN_SEED, numRuns: runs, endOnFailure: !ALL, verbose: fc.VerbosityLevel.Verbose };
  await fc.assert(property, drawn).catch((error: unknown) => {
    counts.inexact();
    throw error;
  });
}

describe(`whatever happens one after the other, each command ends as the model says (seed ${OWN_SEED})`, () => {
  test("to the harbour's tolls", async () => {
    const { real, begin } = await harbour();
    await beside(SHARES.harbour, real, begin);
  }, 7_200_000);

  test("to One-Roof", async () => {
    const { setting, stages } = await reference();
    const remark = before("exit", "sql/prod/20_responsibility_axis.sql", "SELECT 1");
    await withProject([], (original) =>
      withProject([remark], async (edited) => {
        const real = { outline: ONE_ROOF, setting, stages, roots: { original, edited } };
        await beside(SHARES.oneRoof, real, () => enter("untouched"));
      }),
    );
  }, 7_200_000);
});
