import path from "node:path";
import type { Context } from "../provider/context";
import { runScript } from "../provider/execute/run-script";
import { readOptions } from "../provider/model/configuration";
import { loadRelease, type Release } from "../provider/release/release";
import type { Script } from "../provider/release/script";
import { connect, type Session } from "../provider/postgres/session";
import { sessionSettings } from "../provider/postgres/session-settings";
import type { TestDatabase } from "../test/support/database/database";
import { rollout } from "../tiers";
import { parametersOf } from "./database";

export function releaseFor(db: TestDatabase): Promise<Release> {
  return loadRelease({ root: path.resolve(""), rollout, parameters: parametersOf(db) });
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A session as the provider opens it for the length of `use`; it is given up when it idles for ten seconds. */
export async function withSession<T>(db: TestDatabase, use: (session: Session) => Promise<T>): Promise<T> {
  process.env.DATABASE_URL = db.url;
  const settings = sessionSettings(rollout, parametersOf(db), readOptions({}));
  const session = await connect({ application: "bench", settings });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** What a rehearsal works with, on a session of the bench; nobody waits for its locks. */
export function contextFor(db: TestDatabase, session: Session, release: Release, log: Context["log"]): Context {
  const options = { ...readOptions({}), holdBudget: 60_000 };
  return { session, release, parameters: parametersOf(db), options, log };
}

/** Runs scripts as the provider does, statement by statement, each in a transaction of its own; gives milliseconds. */
export function runScripts(session: Session, scripts: readonly Script[]): Promise<number> {
  return timed(async () => {
    for (const script of scripts) {
      await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
      await runScript(session, script);
      await session.query("COMMIT");
    }
  });
}

/** Every tier's file, in order. */
export function applying({ tiers }: Release): Script[] {
  return tiers.map(({ apply }) => apply);
}

/** Every rollback, the last tier's first. */
export function rollingBack({ tiers }: Release): Script[] {
  return tiers.flatMap(({ rollback }) => rollback ?? []).reverse();
}
