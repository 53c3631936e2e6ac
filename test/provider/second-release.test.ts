/** Tiers of a first release are applied; a second one appends its own, changes what is there, and is taken back. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { catalogAndRows, type Snapshot } from "../support/database/compare";
import { FIRST, revised, SECOND } from "../support/pulumi/harbour";
import { Harbour } from "../support/states/harbour";

const text = (file: string) => readFileSync(path.join(SECOND.root, file), "utf8");

let harbour: Harbour;

beforeAll(async () => {
  harbour = await Harbour.build();
});

describe("on what the first release has applied", () => {
  let first: Snapshot;
  let view: string;

  beforeAll(async () => {
    await harbour.done("up", FIRST);
    first = await catalogAndRows(harbour.db.url);
    view = await harbour.view();
  });

  test("a preview applies what is appended and verifies again; nothing of the first release is judged anew", async () => {
    const { run: verdict, tiers } = await harbour.plan(SECOND);

    expect(verdict).toMatchObject({ verdict: "PASS", applies: [30, 90], reversible: [30], stops: [] });
    expect(Object.keys(verdict.gates)).toEqual(["30", "90"]);
    expect(tiers.map(({ status, drift, edited }) => [status.applied, drift, edited])).toEqual([
      [true, [], ""],
      [true, [], ""],
      [false, [], ""],
      [false, [], ""],
    ]);
    expect(tiers[2].report.delta).toEqual({
      objects: { table: 1 },
      changes: { function: 1, view: 1 },
      rows: { "harbour.exemption": 2 },
      readings: { exempt: { before: null, after: 2 }, untolled: { before: 0, after: 2 } },
    });
    expect(await harbour.changes(first)).toEqual([]);
  });

  test("what changes without being declared stops, and so does what is declared and does not", async () => {
    const declared = 'changes: { view: ["harbour.v_untolled_berth"], function: ["harbour.price_of(berth integer)"] },';
    const file = "tiers/tier-30-exemptions.ts";
    expect(await harbour.stops(revised({ file, find: declared, replace: "" }))).toEqual([
      "tier 30 undeclared: function harbour.price_of(berth integer) was altered",
      "tier 30 undeclared: view harbour.v_untolled_berth was altered",
      expect.stringMatching(/^rollback of tier 30: undeclared: function .* was altered$/),
      expect.stringMatching(/^rollback of tier 30: undeclared: view .* was altered$/),
      ...[1, 2].map(() => expect.stringMatching(/^rollback of tier 30: not restored: .* is not what it was$/)),
    ]);
    const more = declared.replace("view:", 'table: ["harbour.tariff"], view:');
    expect(await harbour.stops(revised({ file, find: declared, replace: more }))).toEqual([
      "tier 30 declared to change, but defined as before: table harbour.tariff",
    ]);
    const [body] = /SELECT CASE[^$]*?berth = price_of.berth/.exec(text("sql/30_exemptions.sql")) ?? [""];
    const same = revised({
      file: "sql/30_exemptions.sql",
      find: body,
      replace: "SELECT price FROM harbour.toll JOIN harbour.tariff USING (class) WHERE toll.berth = price_of.berth",
    });
    expect(await harbour.stops(same)).toEqual([
      "tier 30 declared to change, but defined as before: function harbour.price_of(berth integer)",
    ]);
  });

  test("what is declared to change must be an earlier tier's", async () => {
    const foreign = revised({
      file: "tiers/tier-30-exemptions.ts",
      find: 'changes: { view: ["harbour.v_untolled_berth"]',
      replace: 'changes: { table: ["harbour.berth"], view: ["harbour.v_untolled_berth"]',
    });
    await expect(harbour.plan(foreign)).rejects.toThrow(
      /declares to change table harbour\.berth, which no tier before it makes/,
    );
  });

  test.each([
    ["leaves the view as it is", /CREATE OR REPLACE VIEW[^;]*;/],
    ["leaves the function as it is", /CREATE OR REPLACE FUNCTION[^;]*;/],
  ])("a rollback that %s is found out by the rehearsal", async (_, forgotten) => {
    const file = "sql/30_exemptions_back.sql";
    const found = await harbour.stops(
      revised({
        file,
        replace: text(file)
          .replace(forgotten, "")
          .replace("DROP TABLE harbour.exemption", "DELETE FROM harbour.exemption"),
      }),
    );
    expect(found).toContain("rollback of tier 30: not restored: its objects are not defined as at entry");
  });

  test("a view that is given to somebody else on the way is not restored", async () => {
    await harbour.db.query("CREATE ROLE harbour_master");
    try {
      const kept = revised({
        file: "sql/30_exemptions_back.sql",
        find: "DROP TABLE",
        replace: "ALTER VIEW harbour.v_untolled_berth OWNER TO harbour_master;\nDROP TABLE",
      });
      expect(await harbour.stops(kept)).toContain(
        "rollback of tier 30: not restored: its objects are not defined as at entry",
      );
    } finally {
      await harbour.db.query("DROP ROLE harbour_master");
    }
  });

  test("an applied tier that the new release edits is refused, and told to append", async () => {
    const edited = revised({ file: "sql/20_tolls.sql", find: "('short', 1.50)", replace: "('short', 1.75)" });
    expect(await harbour.refused("up", edited)).toMatch(
      /^tier 20 is applied from digest [^]*append a tier that carries the change \(docs\/second-release\.md\)[^]*throughTier 10/,
    );
  });

  test("up applies what is appended, verifies last, and names the release of each tier", async () => {
    const former = harbour.state;
    await harbour.done("up", SECOND);

    expect(harbour.held()).toEqual([10, 20, 30, 90]);
    expect(harbour.state.slice(0, 2)).toEqual(former.slice(0, 2));
    expect(harbour.state.at(-1)?.report.gates).toEqual({ exit: { tolls: 12, untolled: 2 } });
    expect([await harbour.price(1), await harbour.price(6)]).toEqual(["0", "4.00"]);
    const releases = await harbour.db.rows(
      "SELECT tier, detail ->> 'release' FROM harbour_log.ledger ORDER BY position",
    );
    const [one, two] = [harbour.state[0].run.release, harbour.state[2].run.release];
    expect(one).not.toBe(two);
    expect(releases).toEqual([
      [10, one],
      [20, one],
      [30, two],
    ]);
  });

  test("a second up finds nothing to do, also where the state has lost a tier", async () => {
    const whole = harbour.state;
    await harbour.done("up", SECOND);
    expect(harbour.state).toEqual(whole);
    const { run: verdict, tiers } = await harbour.plan(SECOND);
    expect(verdict).toMatchObject({ verdict: "PASS", applies: [] });
    expect(tiers.flatMap(({ drift }) => drift)).toEqual([]);

    harbour.state = harbour.state.filter(({ tier }) => tier !== 30);
    await harbour.done("up", SECOND);
    expect(harbour.state.map(({ tier, ledgerHash }) => [tier, ledgerHash])).toEqual(
      whole.map(({ tier, ledgerHash }) => [tier, ledgerHash]),
    );
  });

  test("drift of what was changed is told once, of the tier that changed it last", async () => {
    const second = await harbour.view();
    await harbour.db.query(
      "CREATE OR REPLACE VIEW harbour.v_untolled_berth AS SELECT number FROM harbour.berth WHERE false",
    );
    await harbour.db.query("UPDATE harbour.tariff SET price = 9 WHERE class = 'long'");
    expect(await harbour.drift(SECOND)).toEqual([
      [],
      [expect.stringMatching(/price was 4, is 9/)],
      ["view harbour.v_untolled_berth: definition changed:"],
      [],
    ]);
    await harbour.db.query(`CREATE OR REPLACE VIEW harbour.v_untolled_berth AS ${second}`);
    await harbour.db.query("UPDATE harbour.tariff SET price = 4.00 WHERE class = 'long'");
  });

  test("the files of the first release are refused: they do not know what the second one brought", async () => {
    for (const name of ["preview", "up", "destroy", "plain destroy"] as const) {
      expect(await harbour.refused(name, FIRST)).toMatch(
        /tier 30.*a later release brought it\. Nothing was changed\. Check out that release/i,
      );
    }
  });

  test("a lower throughTier takes back what was appended, and leaves what the first release had left", async () => {
    await harbour.done("up", SECOND, 20);
    expect(harbour.held()).toEqual([10, 20]);
    expect(await harbour.view()).toBe(view);
    expect([await harbour.price(1), await harbour.price(6)]).toEqual(["1.50", "4.00"]);
    await harbour.done("up", FIRST);
    const log = (name: string) => !name.includes("harbour_log");
    expect((await harbour.changes(first)).filter(log)).toEqual([]);
    expect(harbour.held()).toEqual([10, 20, 90]);
  });

  test("a run that dies right after the COMMIT of what was appended is gone on with, and verified", async () => {
    await harbour.done("killed up", SECOND);
    expect(harbour.held()).toEqual([10, 20, 90]);
    expect(harbour.state.at(-1)?.report.gates).toEqual({ exit: { tolls: 12, untolled: 0 } });
    await harbour.done("up", SECOND);
    expect(harbour.held()).toEqual([10, 20, 30, 90]);
    expect(harbour.state.at(-1)?.report.gates).toEqual({ exit: { tolls: 12, untolled: 2 } });
  });

  test("what differs in an earlier tier is told before anything is taken back, and is lost only if it is accepted", async () => {
    await harbour.db.query("COMMENT ON TABLE harbour.toll IS 'Who pays.'");
    const refusal = await harbour.refused("destroy", SECOND);
    expect(refusal).toMatch(
      /Tier 10 \(Tariff\) cannot be rolled back, nothing was changed:\n.*table harbour\.toll: comment was added/,
    );
    process.env.ROLLOUT_ACCEPT = /ROLLOUT_ACCEPT=(\w+)/.exec(refusal)?.[1];
    try {
      await harbour.done("destroy", SECOND);
      expect(await harbour.changes()).toEqual([]);
    } finally {
      delete process.env.ROLLOUT_ACCEPT;
      await harbour.done("up", SECOND);
    }
  });

  test("destroy takes back the second release, then the first, and proves each", async () => {
    await harbour.done("destroy", SECOND);
    expect(harbour.held()).toEqual([]);
    expect(await harbour.changes()).toEqual([]);
  });
});

test("what psql has changed is not taken over: nobody recorded how it was", async () => {
  const byPsql = await Harbour.build();
  await byPsql.done("up", SECOND);
  await byPsql.db.query("DROP SCHEMA harbour_log CASCADE");
  expect(await byPsql.stops(SECOND, { adopt: "psql" })).toEqual([
    expect.stringMatching(/^cannot be adopted: tier 10 exit gate untolled: expected = 12, measured 2/),
    expect.stringMatching(/^cannot be adopted: tier 20 exit gate untolled: expected = 0, measured 2/),
    expect.stringMatching(/^cannot be adopted: tier 30 changes view harbour\.v_untolled_berth, and nobody recorded/),
    expect.stringMatching(
      /^cannot be adopted: tier 30 changes function harbour\.price_of\(berth integer\), and nobody/,
    ),
  ]);
});
