import type { Client } from "pg";
import type { TierInputs } from "../../provider/model/tier-inputs";
import { withDatabase } from "../support/database/database";
import { tierFile } from "../support/database/files";
import { grace, HARMLESS, idle } from "../support/database/idle";
import { follow, heard, programOn } from "../support/pulumi/program";
import { before, withProject } from "../support/pulumi/project";

/* Sessions that idle in a transaction beside a rollout by the provider; test/sql/idle-sessions has who counts. */

const WRITES_AGENCIES = "UPDATE governance_registry SET code = code";

/** What a run may remember: nothing of a session that is gone a moment later. */
const stable = (inputs: readonly TierInputs[]) => {
  const text = JSON.stringify(inputs);
  expect(text).not.toMatch(/\bpid\b|idle for|not counted/);
  return text;
};

const end = (clients: readonly Client[]) => Promise.all(clients.map((client) => client.end()));

test("Flows that idle stop nothing, are named, and leave no trace in what a tier remembers", async () => {
  await withDatabase("signed", async (db) => {
    const rolled = programOn(db);
    const alone = stable((await rolled.plan()).inputs);
    expect(heard(rolled)).not.toContain("idle");

    const flows = await Promise.all(HARMLESS.map((sql) => idle(db, { sql, application: "flow" })));
    await grace(db);
    const { run, inputs } = await rolled.plan();
    expect({ verdict: run.verdict, inputs: stable(inputs) }).toEqual({ verdict: "PASS", inputs: alone });
    const told = heard(rolled);
    for (const { pid } of flows) expect(told).toContain(`not counted: pid ${pid}, user postgres, application "flow"`);

    const states = await rolled.apply(inputs);
    expect(states.map(({ report }) => report.verdict)).toEqual(inputs.map(() => "PASS"));
    expect(heard(rolled)).toContain("Tier 8: idle_in_the_way_over_5s 0: not counted: pid ");
    stable(states);
    for (const state of [...states].reverse()) await rolled.destroy(state);
    await end(flows.map(({ client }) => client));
  });
});

test("one that writes agencies stops the run by name, and a second run passes when it has ended", async () => {
  await withDatabase("signed", async (db) => {
    const [rolled, unrehearsed] = [programOn(db), programOn(db, { rehearse: "false" })];
    const flow = await idle(db, { sql: WRITES_AGENCIES, application: "flow" });
    await grace(db);
    const name = new RegExp(
      `in the way: pid ${flow.pid}, user postgres, application "flow", idle in a transaction for [5-9] s, ` +
        `holds ROW EXCLUSIVE on public.governance_registry`,
    );
    const { run } = await rolled.plan();
    expect(run.verdict).toBe("STOP");
    expect(run.stops.map(({ finding }) => finding)).toMatchObject([
      { is: "failed gate", name: "idle_in_the_way_over_5s", measured: 1 },
    ]);
    expect(heard(rolled)).toMatch(name);
    await unrehearsed.plan();
    expect(heard(unrehearsed)).toMatch(name);

    await flow.client.query("ROLLBACK");
    expect((await rolled.plan()).run.verdict).toBe("PASS");
  });
});

test("one that comes to count in the middle of a tier is named with the invariant that it breaks", async () => {
  await withDatabase("signed", async (db) => {
    await withProject([before("exit", tierFile(2), "SELECT pg_sleep(6)")], async (root) => {
      const rolled = programOn(db, {}, { root });
      const { inputs } = await rolled.plan(2);
      const states = await rolled.apply(inputs.slice(0, 2));
      const flow = await idle(db, {
        sql: "UPDATE governance_responsibility_scope SET status = status",
        application: "flow",
      });
      heard(rolled);
      await expect(rolled.create(follow(inputs[2], states))).rejects.toThrow(
        "tier 2 invariant idle_in_transaction: expected to stay 0, measured 1",
      );
      expect(heard(rolled)).toMatch(
        new RegExp(`Invariant idle_in_transaction: in the way: pid ${flow.pid}, .*a second run may pass`),
      );
      await flow.client.query("ROLLBACK");
      await rolled.create(follow(inputs[2], states));
    });
  });
});
