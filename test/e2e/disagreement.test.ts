import { rmSync } from "node:fs";
import path from "node:path";
import { Client } from "pg";
import { catalogAndRows, differences, type Snapshot } from "../support/database/compare";
import { createFrom, database, type TestDatabase } from "../support/database/database";
import { engine, type Engine, WITHOUT_PACK } from "../support/pulumi/engine";
import { FULL_ROLLBACK, rollbackFile } from "../support/database/files";
import { counts, refuse, succeed } from "../support/pulumi/operator";
import { type Ends, endsOf } from "../support/pulumi/outcome";
import { thorough } from "../support/faults/random";
import { npmRun } from "../support/faults/process-under-test";

/*
 * State and database disagree: somebody rolled back by hand, restored a backup, lost or edited the state. The next preview
 * shows it, the next command puts it right or says what to do; never "unchanged", and nothing is lost on the way.
 */

let db: TestDatabase;
let stack: Engine;
let toBaseline: Ends["toBaseline"];
let toEnd: Ends["toEnd"];

beforeAll(async () => {
  db = await database("signed");
  stack = engine(db.url, WITHOUT_PACK);
  ({ toBaseline, toEnd } = await endsOf(db));
  await succeed(stack.up("--skip-preview"));
});

const urn = (tier: string) => stack.resources().find((each) => each.urn.includes(`::tier-${tier}`))!.urn;

/** A copy of the database of this moment, and the way to put it in the place of the present one. */
async function backup(): Promise<() => Promise<void>> {
  const copy = `${db.name}_backup`;
  await elsewhere(createFrom(db.name, copy), `ALTER DATABASE ${copy} SET one_roof.database = '${db.name}'`);
  return () => elsewhere(`DROP DATABASE ${db.name} WITH (FORCE)`, `ALTER DATABASE ${copy} RENAME TO ${db.name}`);
}

async function elsewhere(...statements: string[]): Promise<void> {
  const client = new Client(db.url.replace(/[^/]+$/, "postgres"));
  await client.connect();
  try {
    // A template must have no sessions: this file's own are ended, and every later question opens a new one.
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [db.name]);
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

describe("the database lost what the state holds", () => {
  test("two tiers rolled back by hand: preview shows them, up applies them", async () => {
    for (const tier of [6, 5] as const) expect((await db.file(rollbackFile(tier))).code).toBe(0);
    const preview = await succeed(stack.preview());
    expect(counts(preview.output)).toEqual(["~ 3 to update", "6 unchanged"]);
    await succeed(stack.up("--skip-preview"));
    expect(await toEnd()).toEqual([]);
  });

  test("the whole rollout rolled back by hand: destroy finds nothing left and empties the state; up applies anew", async () => {
    expect((await db.file(FULL_ROLLBACK)).code).toBe(0);
    const destroy = await succeed(stack.destroy("--skip-preview"));
    expect(destroy.output).toContain("is not in the ledger and nothing of it is there: nothing to roll back");
    expect(await toBaseline()).toEqual([]);
    await succeed(stack.up("--skip-preview"));
  });

  thorough("a restored backup of the middle: up goes on from there", async () => {
    stack.configure({ throughTier: "4" });
    await succeed(stack.up("--skip-preview"));
    const restore = await backup();
    stack.configure({ throughTier: undefined });
    await succeed(stack.up("--skip-preview"));
    await restore();
    const { output } = await succeed(stack.up("--skip-preview"));
    expect(counts(output)).toEqual(["~ 3 updated", "6 unchanged"]);
    expect(await toEnd()).toEqual([]);
  });
});

describe("the state is edited", () => {
  let before: Snapshot;

  beforeAll(async () => {
    before = await catalogAndRows(db.url);
  });

  afterEach(async () => {
    expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
  });

  test("--replace of a tier in the middle is refused before anything is rolled back", async () => {
    const { output } = await refuse(stack.up("--skip-preview", "--replace", urn("3")));
    expect(output).toContain("Tier 3 (Ownership seed) is not replaced");
  });

  test("so is a tainted tier", async () => {
    await succeed(stack.run("state", "taint", urn("6"), "--yes"));
    expect((await refuse(stack.up("--skip-preview"))).output).toContain("Tier 6 (Scanner baseline) is not replaced");
    await succeed(stack.run("state", "untaint", urn("6"), "--yes"));
  });

  test("a tier deleted from the state is adopted by the next up", async () => {
    await succeed(stack.run("state", "delete", urn("8"), "--yes"));
    await succeed(stack.run("state", "delete", urn("6"), "--yes"));
    const { output } = await succeed(stack.up("--skip-preview"));
    expect(output).toMatch(/Tier 6 was applied on .* adopted, nothing was changed/);
    expect(counts(output)).toEqual(["+ 2 created", "7 unchanged"]);
  });

  thorough("destroy of one tier in the middle is refused by the engine", async () => {
    expect((await refuse(stack.destroy("--skip-preview", "--target", urn("3")))).output).toContain(
      "tier-4-containment",
    );
  });

  test("a lost state: destroy says that the rollout is still there, and how to take it over", async () => {
    rmSync(path.join(stack.folder, ".pulumi"), { recursive: true });
    const { output } = await refuse(npmRun(stack, "destroy", "--skip-preview"));
    expect(output).toMatch(/still carries tiers 1, 2, 3, 4, 5, 6 of rollout [0-9a-f-]{36}/);
    expect(output).toMatch(/config set adopt [0-9a-f-]{36}/);
  });
});
