import type * as Probe from "../../provider/postgres/probe";
import { database } from "../support/database/database";
import { follow, heard, programOn } from "../support/pulumi/program";

/* What comes after the COMMIT of the last rollback: nothing of it may say that nothing was changed, or that the rollback failed. */

let beforeAllReadings = (): Promise<unknown> => Promise.resolve();

jest.mock("../../provider/postgres/probe", () => {
  const probe = jest.requireActual<typeof Probe>("../../provider/postgres/probe");
  const takeReadings: typeof Probe.takeReadings = async (session, text, names) => {
    if (!names) await beforeAllReadings();
    return probe.takeReadings(session, text, names);
  };
  return { ...probe, takeReadings };
});

test("a lock that others take then fails nothing, and the rollback is told as done", async () => {
  const db = await database("signed");
  const program = programOn(db, { lockTimeout: "300ms", retryBudget: "1s" });
  const { inputs } = await program.plan();
  const [first] = await program.apply([inputs[0]]);
  const state = await program.create(follow(inputs[1], [first]));
  const flow = await db.connect();
  beforeAllReadings = () => flow.query("BEGIN; LOCK TABLE governance_registry IN ACCESS EXCLUSIVE MODE");
  await program.destroy(state);
  const said = heard(program);
  expect(said).toContain("Tier 1 (Structure) rolled back and proven");
  expect(said).toMatch(/Everything is rolled back, but on what .* could not be told: .*lock timeout/);
});
