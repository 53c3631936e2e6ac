import { database, lastOf, RATIFIED, type TestDatabase, withDatabase } from "../support/database/database";
import { GATE_CHECK, PROBE, RUN_ALL, text, tierFile } from "../support/database/files";
import { grace, HARMLESS, idle, type Idle, type Idler } from "../support/database/idle";
import { psql, program } from "../support/database/psql";
import { databaseWithRoles, ROLES } from "../support/database/roles";

/*
 * Sessions that idle in a transaction: those that a rollout has left, or that make one wait, stop it by name; an application
 * that idles as it works does not, but is told.
 */

/** What the reading counts, and whom it names. */
async function look(ask: Pick<TestDatabase, "rows">): Promise<{ counted: unknown; told: string }> {
  const rows = (await ask.rows(text(PROBE))) as [string, string | null, string | null][];
  await ask.rows("RESET search_path");
  const [, invariant] = rows.find(([name]) => name === "idle_in_transaction")!;
  const [, gate, told] = rows.find(([name]) => name === "idle_in_the_way_over_5s")!;
  expect(gate).toBe(invariant);
  return { counted: gate, told: told ?? "" };
}

const named = ({ pid }: Idle, verdict: string, held: string) =>
  expect.stringMatching(
    new RegExp(
      `${verdict}: pid ${pid}, user \\w+, application "[^"]*", idle in a transaction for [5-9] s, holds ${held}`,
    ),
  );

describe("an application whose Flows idle", () => {
  let db: TestDatabase;
  let flows: Idle[];

  beforeAll(async () => {
    db = await database("signed");
    const all = [...HARMLESS, "SELECT count(*) FROM governance_registry"];
    flows = await Promise.all(all.map((sql) => idle(db, { sql, application: "flow" })));
    await grace(db);
  });

  test("does not count, and is told with what it holds", async () => {
    const { counted, told } = await look(db);
    expect(counted).toBe("0");
    const held = [
      "ACCESS SHARE on public.\\w+",
      "ROW EXCLUSIVE on public.dot_tools",
      "ROW EXCLUSIVE on public.governance_relations",
      "ROW SHARE on public.taxonomy",
      "ACCESS SHARE on public.entity_labels",
      "ACCESS SHARE on public.governance_registry",
    ];
    for (const [index, flow] of flows.entries()) expect(told).toEqual(named(flow, "not counted", held[index]));
  });

  test("lets the gate monitor say READY, and every tier pass by psql, which names the sessions unasked", async () => {
    const { pathname, port, username } = new URL(db.url);
    const monitor = [
      "-h",
      "127.0.0.1",
      "-p",
      port,
      "-U",
      username,
      "-d",
      pathname.slice(1),
      "-v",
      `database=${db.name}`,
      "-v",
      `ratified_apr=${RATIFIED}`,
    ];
    expect(await program(GATE_CHECK, monitor)).toMatchObject({ code: 0, stdout: "READY\n" });
    const { code, stderr } = await db.file(RUN_ALL);
    expect({ code, told: stderr.match(/INFO: +idle_in_the_way_over_5s 0: not counted/g)?.length }).toEqual({
      code: 0,
      told: 2,
    });
    for (const { pid } of flows) expect(stderr).toContain(`not counted: pid ${pid}, user postgres, application "flow"`);
  });

  test("names ten of them at most, and says how many more there are", async () => {
    await Promise.all(Array.from({ length: 6 }, () => idle(db)));
    await grace(db);
    const { counted, told } = await look(db);
    expect([counted, told.match(/pid/g)?.length, told.split("; ").at(-1)]).toEqual(["0", 10, "and 2 more"]);
  });
});

describe("whoever makes a rollout wait", () => {
  const WRITE =
    "INSERT INTO axis_registry (axis_code, axis_name, axis_family, axis_kind) VALUES ('region', 'Region', 'label', 'uncertain')";
  const WAYS: [what: string, sql: string, held: string][] = [
    [
      "writes agencies, to which Tier 1 refers",
      "UPDATE governance_registry SET code = code",
      "ROW EXCLUSIVE on public.governance_registry",
    ],
    [
      "takes a scope away",
      "DELETE FROM governance_responsibility_scope WHERE false",
      "ROW EXCLUSIVE on public.governance_responsibility_scope",
    ],
    [
      "records an owner",
      "DELETE FROM governance_object_ownership",
      "ROW EXCLUSIVE on public.governance_object_ownership",
    ],
    ["holds the rollout's lock", "SELECT pg_advisory_xact_lock(1330795077, 1)", "EXCLUSIVE of the rollout"],
    ["writes into what Tier 1 made", WRITE, "ROW EXCLUSIVE on public.axis_registry"],
    ["locks what Tier 1 made", "LOCK TABLE axis_value IN SHARE MODE", "SHARE on public.axis_value"],
  ];
  let told: string;
  let flows: Idle[];
  let reader: Idle;

  beforeAll(async () => {
    const db = await database("tier-1");
    flows = [];
    for (const [, sql] of WAYS) flows.push(await idle(db, { sql, application: "flow" }));
    reader = await idle(db, { sql: "SELECT count(*) FROM v_ui_lane" });
    expect(await look(db)).toEqual({ counted: "0", told: "" });
    await grace(db);
    const seen = await look(db);
    expect(seen.counted).toBe(String(WAYS.length));
    ({ told } = seen);
  });

  test.each(WAYS.map(([what, , held], index) => [what, held, index] as const))(
    "counts and is named: %s",
    (_, held, index) => {
      expect(told).toEqual(named(flows[index], "in the way", held));
    },
  );

  test("who only reads what Tier 1 made does not", () => {
    expect(told).toEqual(named(reader, "not counted", "ACCESS SHARE on"));
  });

  test("is named by psql with the refusal, which says that a second run may pass, and by the monitor in its line", async () => {
    await withDatabase("signed", async (db) => {
      const flow = await idle(db, { sql: "LOCK TABLE governance_registry IN SHARE MODE", application: "flow" });
      await idle(db, { sql: HARMLESS[1] });
      await grace(db);
      const { code, stderr } = await db.file(tierFile(0));
      expect(code).toBe(3);
      expect(stderr).toEqual(
        named(flow, "INFO: +idle_in_the_way_over_5s 1: in the way", "SHARE on public.governance_registry"),
      );
      expect(stderr).toMatch(/idle_in_the_way_over_5s expected = 0, measured 1$/m);
      expect(stderr).toMatch(/HINT: .* a second run may pass/);
      const monitor = ["-At", "-f", GATE_CHECK.replace(/sh$/, "sql")];
      const { stdout } = await psql(db.url, monitor, {
        "one_roof.database": db.name,
        "one_roof.ratified_apr": RATIFIED,
      });
      const blocked = `idle_in_the_way_over_5s: idle_in_the_way_over_5s<>0 \\(in the way: pid ${flow.pid}, .*\\);`;
      expect(stdout).toMatch(new RegExp(`^BLOCKED\\|${blocked}$`, "m"));
      await flow.client.query("ROLLBACK");
      expect((await db.file(tierFile(0))).code).toBe(0);
    });
  });
});

describe("what a rollout has left stops the next, whatever it holds", () => {
  const LEFT: [what: string, idler: (login: string) => Idler][] = [
    ["under its own login", (login) => ({ user: login, application: "some client" })],
    ["under the login of its roles", () => ({ user: ROLES.login })],
    ["under its application's name", () => ({ application: "one-roof rollout rehearsal" })],
  ];
  type Seen = Awaited<ReturnType<typeof look>>;
  /** What is seen by the rollout's own login, by the same that only watches, and by one that is its application's too. */
  let seen: Record<"own" | "watching" | "shared", Seen>;
  let left: Idle[];
  let byPsql: Idle;
  let db: TestDatabase;
  let own: string;

  beforeAll(async () => {
    db = await databaseWithRoles();
    own = `rollout_of_${db.name}`;
    await db.query(`CREATE ROLE ${own} LOGIN; GRANT pg_read_all_stats TO ${own}`);
    left = [];
    for (const [, idler] of LEFT) left.push(await idle(db, idler(own)));
    byPsql = await idle(db, { application: "psql" });
    await grace(db);
    const client = await db.connect(own);
    const asOwn = {
      rows: async (sql: string) => lastOf(await client.query<unknown[]>({ text: sql, rowMode: "array" })).rows,
    };
    seen = { own: await look(asOwn), shared: await look(db), watching: { counted: "", told: "" } };
    await client.query("SET one_roof.watching = on");
    seen.watching = await look(asOwn);
  });

  afterAll(async () => {
    await Promise.all(left.map(({ client }) => client.end()));
    await db.query(`DROP OWNED BY ${own}; DROP ROLE ${own}`);
  });

  test.each(LEFT.map(([what], index) => [what, index] as const))("%s", (_, index) => {
    expect(seen.own.told).toEqual(named(left[index], "left by a rollout", "no lock"));
    expect(seen.own.counted).toBe("3");
  });

  test("by psql, under a login that is the application's too", () => {
    expect(seen.shared.told).toEqual(named(byPsql, "left by a rollout", "no lock"));
    expect(seen.own.told).toEqual(named(byPsql, "not counted", "no lock"));
  });

  test("but not of a login that only watches", () => {
    expect(seen.watching.told).toEqual(named(left[0], "not counted", "no lock"));
  });
});

test("what idles under the rollout's own login is left by one where the application's table is gone", async () => {
  await withDatabase("signed", async (db) => {
    await db.query("ALTER TABLE governance_registry RENAME TO gone");
    const left = await idle(db, { application: "some client" });
    await grace(db);
    expect((await look(db)).told).toEqual(named(left, "left by a rollout", "no lock"));
  });
});

test("a transaction that looks twice sees who has gone on meanwhile", async () => {
  await withDatabase("signed", async (db) => {
    const flow = await idle(db, { sql: "UPDATE governance_registry SET code = code" });
    await db.query("BEGIN");
    expect((await look(db)).counted).toBe("0");
    await flow.client.query("COMMIT");
    await grace(db);
    expect(await look(db)).toEqual({ counted: "0", told: "" });
    await db.query("ROLLBACK");
  });
});
