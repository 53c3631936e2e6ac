import fc from "fast-check";
import { ALL, SEED } from "../support/faults/random";
import { before, withProject } from "../support/pulumi/project";
import { reference } from "../support/states/cases";
import { sequences, untouched } from "../support/states/model";
import { enter } from "../support/states/worlds";

/*
 * Sequences of commands and events beside a model of them. A seeded share; a thousand where CHAOS=all. What failed is told
 * shrunk to its shortest form, with the seed and the path that repeat it.
 */

const RUNS = ALL ? 1_000 : Number(process.env.SHARE ?? 8);

test(`whatever happens one after the other, each command ends as the model says (seed ${SEED})`, async () => {
  const { setting, stages } = await reference();
  const remark = before("exit", "sql/prod/20_responsibility_axis.sql", "SELECT 1");
  await withProject([], (original) =>
    withProject([remark], async (edited) => {
      await fc.assert(
        fc.asyncProperty(sequences(8), async (commands) => {
          await enter("untouched");
          const real = { setting, stages, roots: { original, edited }, state: [] };
          await fc.asyncModelRun(() => ({ model: untouched(), real }), commands);
        }),
        { seed: SEED, numRuns: RUNS, endOnFailure: !ALL, verbose: fc.VerbosityLevel.Verbose },
      );
    }),
  );
}, 7_200_000);
