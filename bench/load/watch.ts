import { setTimeout as sleep } from "node:timers/promises";
import type { TestDatabase } from "../../test/support/database/database";
import type { Application } from "./application";
import type { Blame } from "./request";

/** How often it is looked who waits, in milliseconds. */
const LOOK_MS = 20;

/** What every session of the rollout calls itself. */
const OURS = "one-roof ";

/** One session that waits for another, as the server tells it. */
export interface Wait {
  readonly pid: number;
  /** What it was asked. */
  readonly query: string;
  /** The table whose lock it waits for. */
  readonly table: string | null;
  readonly holder: number;
  /** What the holder calls itself, or what kind of backend it is. */
  readonly name: string;
}

/** Only who waits is asked for its blockers: that question stops the lock manager for a moment. */
const WAITS = `
  SELECT w.pid, w.query, c.relname AS "table", b.pid AS holder,
    coalesce(nullif(a.application_name, ''), a.backend_type, 'gone') AS name
  FROM pg_stat_activity w
  CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
  LEFT JOIN pg_stat_activity a ON a.pid = b.pid
  LEFT JOIN pg_locks l ON l.pid = w.pid AND NOT l.granted
  LEFT JOIN pg_class c ON c.oid = l.relation
  WHERE w.wait_event_type = 'Lock' AND w.datname = current_database()`;

/** Writes on the application's requests for whom they wait, until it is stopped. */
export async function watch(db: TestDatabase, application: Application): Promise<{ stop(): Promise<void> }> {
  const client = await db.connect();
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const asked = performance.now();
      const { rows } = await client.query<Wait>(WAITS);
      for (const pid of new Set(rows.map((wait) => wait.pid))) {
        const request = application.underWay({ pid, query: rows.find((wait) => wait.pid === pid)?.query ?? "" });
        // One that was sent later cannot be the one that was seen.
        if (!request || request.sent > asked) continue;
        const blame = findBlame(pid, rows);
        if (blame && !request.blame?.ours) request.blame = blame;
      }
      await sleep(LOOK_MS);
    }
    await client.end();
  })();
  return {
    stop: async () => {
      stopped = true;
      await watching;
    },
  };
}

/** Whom a session waits for in the end: the rollout, if it stands anywhere on the way there, else who waits for nobody. */
export function findBlame(pid: number, waits: readonly Wait[]): Blame | undefined {
  const first = waits.find((wait) => wait.pid === pid);
  if (!first) return undefined;
  const seen = new Set([pid]);
  const way: Wait[] = [];
  const follow = (waiting: number): void => {
    for (const wait of waits.filter((each) => each.pid === waiting && !seen.has(each.holder))) {
      seen.add(wait.holder);
      way.push(wait);
      follow(wait.holder);
    }
  };
  follow(pid);
  const ours = way.find(({ name }) => name.startsWith(OURS));
  const last = way.find(({ holder }) => !waits.some((wait) => wait.pid === holder)) ?? first;
  return { whom: (ours ?? last).name, table: first.table ?? undefined, ours: ours !== undefined };
}
