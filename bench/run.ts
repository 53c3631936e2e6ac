import path from "node:path";
import { runScript } from "../provider/apply";
import { loadRelease, type Release } from "../provider/release";
import type { Script } from "../provider/script";
import { connect, type Session } from "../provider/session";
import { DEFAULT_OPTIONS, sessionSettings } from "../provider/settings";
import type { TestDatabase } from "../test/support/database";
import { rollout } from "../tiers";
import { parametersOf } from "./database";

export function releaseFor(db: TestDatabase): Promise<Release> {
  return loadRelease(path.resolve(""), rollout, parametersOf(db));
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
  const session = await connect(sessionSettings(rollout, parametersOf(db), DEFAULT_OPTIONS), "bench");
  try {
    return await use(session);
  } finally {
    await session.close();
  }
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
