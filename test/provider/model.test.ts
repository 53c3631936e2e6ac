import fc from "fast-check";
import { ALL, PART, PARTS, SEED } from "../support/faults/random";
import { tally } from "../support/faults/tally";
import { before, withProject } from "../support/pulumi/project";
import { reference } from "../support/states/cases";
import { sequences, untouched } from "../support/states/model";
import { enter } from "../support/states/worlds";

/*
 * Sequences of commands and events beside a model of them. A seeded share; a thousand: npm run chaos -- model. What failed is told
 * shrunk to its shortest form, with the seed and the path that repeat it.
 */

const RUNS = ALL ? Math.ceil(1_000 / PARTS) : Number(process.env.SHARE ?? 8);

/** Each process of a chaos run draws its own. */
const OWN_SEED = SEED + PART - 1;

test(`whatever happens one after the other, each command ends as the model says (seed ${OWN_SEED})`, async () => {
  const { setting, stages } = await reference();
  const remark = before("exit", "sql/prod/20_responsibility_axis.sql", "SELECT 1");
  const counts = tally("sequences", 1);
  counts.at("sequences", RUNS);
  await withProject([], (original) =>
    withProject([remark], async (edited) => {
      const property = fc.asyncProperty(sequences(8), async (commands) => {
        await enter("untouched");
        const real = { setting, stages, roots: { original, edited }, state: [] };
        await fc.asyncModelRun(() => ({ model: untouched(), real }), commands);
        counts.count("as the model says");
      });
      const drawn = { seed: OWN_SEED, numRuns: RUNS, endOnFailure: !ALL, verbose: fc.VerbosityLevel.Verbose };
      await fc.assert(property, drawn).catch((error: unknown) => {
        counts.inexact();
        throw error;
      });
    }),
  );
  process.stderr.write(`${counts.text()}\n`);
}, 7_200_000);
