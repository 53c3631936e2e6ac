import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { engineFolder } from "../../cli/pulumi/engine";
import { database, type TestDatabase, withDatabase } from "../support/database/database";
import { cleanUpProcesses, npmRun, start } from "../support/faults/process-under-test";
import { engine, type Engine, WITHOUT_PACK } from "../support/pulumi/engine";
import { refuse, succeed } from "../support/pulumi/operator";
import { until } from "../support/until";

/*
 * The lock of a stack that keeps a command away is told as what it is: of a run that is at work, of one that has died, or of one
 * that nobody can know of from here. In a folder, and in a backend that machines share; it stands for a bucket, and Pulumi's own driver
 * keeps it in a database.
 */

let db: TestDatabase;

beforeAll(async () => {
  db = await database("signed");
});

afterEach(cleanUpProcesses);

/** What a lock holds that was taken an hour ago by a process that has ended. */
function lockOf(hostname: string): string {
  const { pid } = spawnSync("true");
  return JSON.stringify({ pid, username: "ci", hostname, timestamp: new Date(Date.now() - 3_600_000).toISOString() });
}

const LOCKS = ".pulumi/locks/organization/one-roof/dev";

const cli = ({ env }: Engine, ...args: string[]) => execFileSync(path.join(engineFolder(), "pulumi"), args, { env });

/** Runs while another session keeps tier 1 from its locks. */
async function whileHeldUp<Result>(work: () => Promise<Result>): Promise<Result> {
  const blocker = await db.connect();
  await blocker.query("BEGIN; LOCK TABLE governance_registry IN ACCESS EXCLUSIVE MODE");
  try {
    return await work();
  } finally {
    await blocker.query("ROLLBACK");
  }
}

const atWork = () =>
  until(
    () =>
      db.value<boolean>(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'one-roof rollout rehearsal')",
      ),
    60_000,
  );

/** A run that is at work is refused to nobody's harm; one that died in the middle leaves its lock. */
async function lockedByRun(stack: Engine): Promise<{ whileAlive: string }> {
  return whileHeldUp(async () => {
    const running = start(stack, "up", "--skip-preview");
    await atWork();
    const { output } = await refuse(npmRun(stack, "up", "--skip-preview"));
    running.signal("all", "SIGKILL");
    await running.ended;
    return { whileAlive: output };
  });
}

const ALIVE =
  /Stack dev is locked by process \d+ of \S+ on \S+ since \S+Z \(\d+ s ago\), which is at work on this machine\. Wait/;

test("in a folder: a run at work is waited for, that of a dead process is taken away, that of another host never", async () => {
  const stack = engine(db.url, WITHOUT_PACK);
  const { whileAlive } = await lockedByRun(stack);
  expect(whileAlive).toMatch(ALIVE);
  expect(whileAlive).not.toMatch(/pulumi cancel|-- cancel/);
  const recovered = await succeed(npmRun(stack, "preview"));
  // A preview takes no lock.
  expect(recovered.output).not.toContain("lock of stack");
  const locks = path.join(stack.folder, LOCKS);
  mkdirSync(locks, { recursive: true });
  writeFileSync(path.join(locks, "other.json"), lockOf("runner-7"));
  const { output } = await refuse(npmRun(stack, "up", "--skip-preview"));
  expect(output).toMatch(
    /Process \d+ died while it held the lock of stack dev: it was of \S+, since \S+Z \(\d+ s ago\)/,
  );
  expect(output).toMatch(/locked by process \d+ of ci on runner-7 since \S+Z \(1 h ago\): file:\/\/\S+\/other\.json\n/);
  expect(output).toContain("Whether that process is alive can be told on its own machine only.");
  expect(output).toContain("npm run pulumi -- cancel dev --yes");
  expect(output).not.toContain("`pulumi cancel`");
  expect(readdirSync(locks).filter((name) => name.endsWith(".json"))).toHaveLength(2);
});

test("in a shared backend: none is taken away, whatever its host is called, and each is told with what clears it", async () => {
  await withDatabase("empty", async (bucket) => {
    const stack = engine(db.url, { env: { ...WITHOUT_PACK.env, PULUMI_BACKEND_URL: `${bucket.url}?sslmode=disable` } });
    cli(stack, "stack", "init", "dev", "--no-select", "--non-interactive");
    const { whileAlive } = await lockedByRun(stack);
    expect(whileAlive).toMatch(ALIVE);
    expect(whileAlive).not.toMatch(/pulumi cancel|-- cancel/);
    const dead = await refuse(npmRun(stack, "up", "--skip-preview"));
    expect(dead.output).toContain(`Unless another machine is called ${os.hostname()} too, it has ended.`);
    expect(dead.output).toMatch(/: postgres\S*\/dev\/[\w-]+\.json\n/);
    expect(dead.output).not.toContain("sslmode");
    const content = JSON.stringify({ data: Buffer.from(lockOf("runner-7")).toString("base64") });
    await bucket.query("UPDATE pulumi_state SET data = $1 WHERE key LIKE '%/locks/%'", [content]);
    const other = await refuse(npmRun(stack, "destroy", "--skip-preview"));
    expect(other.output).toMatch(/locked by process \d+ of ci on runner-7 since \S+Z \(1 h ago\)/);
    expect(other.output).toContain("can be told on its own machine only");
    cli(stack, "cancel", "dev", "--yes");
    await succeed(npmRun(stack, "destroy", "--skip-preview"));
  });
});
