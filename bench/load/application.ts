import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { TestDatabase } from "../../test/support/database/database";
import { MEMBERS, type Member } from "./members";
import type { Request } from "./request";

/** As whom the application logs in. */
const ROLE = "bench_application";

/** How long all members have to connect before the first one begins, in milliseconds. */
const CONNECT_MS = 1_000;

/** The application, at work until it is stopped. */
export interface Application {
  /** What has ended so far, in that order. */
  readonly requests: readonly Request[];
  /** What the backend `pid` is asked at the moment; undefined where it is none of the application's. */
  underWay(pid: number): Request | undefined;
  stop(): Promise<void>;
}

/** Starts all members on connections of their own, each with `rate` requests a second, evenly spread. */
export async function startApplication(db: TestDatabase, rate: number): Promise<Application> {
  await createRole(db);
  const requests: Request[] = [];
  const current = new Map<number, Request>();
  const period = 1000 / rate;
  let stopped = false;

  const work = async ({ member, client, pid, first }: Place) => {
    let before: Request | undefined;
    const every = member.every ?? period;
    for (let [turn, due] = [0, first]; !stopped; turn++, due += every) {
      const late = before && before.ended > due;
      if (!late) await sleep(due - performance.now());
      const sent = performance.now();
      const { kind, table } = member;
      const request: Request = {
        kind,
        table,
        began: late ? due : sent,
        sent,
        ended: sent,
        ...(late && { behind: before }),
      };
      current.set(pid, request);
      await client.query(member.request(turn)).catch((error: unknown) => (request.error = String(error)));
      request.ended = performance.now();
      current.delete(pid);
      requests.push((before = request));
    }
    await client.end();
  };
  const start = performance.now() + CONNECT_MS;
  const places = MEMBERS.map((member, index) => takePlace(db, member, start + (index * period) / MEMBERS.length));
  const working = Promise.all((await Promise.all(places)).map(work));
  return {
    requests,
    underWay: (pid) => current.get(pid),
    stop: async () => {
      stopped = true;
      await working;
    },
  };
}

/** A member on its own connection, and when it is to begin, in milliseconds of `performance.now()`. */
interface Place {
  readonly member: Member;
  readonly client: Client;
  readonly pid: number;
  readonly first: number;
}

async function takePlace(db: TestDatabase, member: Member, first: number): Promise<Place> {
  const client = await db.connect(ROLE);
  await client.query("SET application_name = 'bench application'");
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return { member, client, pid: rows[0]?.pid ?? 0, first };
}

/** A role as an application has it: it may read and write every table that is there, and nothing else. It goes with the bench's server. */
async function createRole(db: TestDatabase): Promise<void> {
  await db.query(`
    DO $$ BEGIN IF to_regrole('${ROLE}') IS NULL THEN CREATE ROLE ${ROLE} LOGIN; END IF; END $$;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${ROLE};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${ROLE}`);
}
