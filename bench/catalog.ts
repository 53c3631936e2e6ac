import { retried } from "../provider/postgres/retry";
import { withRolloutLock } from "../provider/postgres/transaction";
import { rehearse } from "../provider/plan/rehearsal";
import { takeSnapshot } from "../provider/postgres/catalog-snapshot";
import { rollout } from "../tiers";
import { crowd } from "../test/support/database/crowd";
import { copy, type TestDatabase } from "../test/support/database/database";
import type { Options } from "./options";
import { contextFor, releaseFor, timed, withSession } from "./run";
import { BASELINE } from "./database";
import { median, printLines, printRatio } from "./table";

/** Ten times the tables may cost this many times as much: a little more than ten, since what is sorted grows faster. */
const ALLOWED = 12;

/** What a run costs in a database full of other people's tables: a tenth as many beside all of them, by turns. */
export async function benchCatalog(_: TestDatabase, { rounds, tables }: Options): Promise<void> {
  const few = await crowded("bench_few", Math.round(tables / 10));
  const many = await crowded("bench_many", tables);
  try {
    const costs = {
      few: { snapshot: [] as number[], rehearsal: [] as number[] },
      many: { snapshot: [] as number[], rehearsal: [] as number[] },
    };
    for (let round = 0; round <= rounds; round++) {
      await measure(few, round, costs.few);
      await measure(many, round, costs.many);
    }
    const lines = (what: "snapshot" | "rehearsal") => [
      { name: `${what}, ${Math.round(tables / 10)} tables`, values: costs.few[what] },
      { name: `${what}, ${tables} tables`, values: costs.many[what] },
    ];
    printLines(`A crowded catalog, ${rounds} rounds`, [...lines("snapshot"), ...lines("rehearsal")]);
    printRatio("snapshot, ten times the tables", median(costs.many.snapshot) / median(costs.few.snapshot), ALLOWED);
    printRatio("rehearsal, ten times the tables", median(costs.many.rehearsal) / median(costs.few.rehearsal), ALLOWED);
  } finally {
    await few.drop();
    await many.drop();
  }
}

async function crowded(name: string, tables: number): Promise<TestDatabase> {
  const db = await copy(BASELINE, name);
  await crowd(db, tables);
  await db.query("VACUUM ANALYZE");
  return db;
}

/** The first round warms the caches. */
async function measure(
  db: TestDatabase,
  round: number,
  costs: Record<"snapshot" | "rehearsal", number[]>,
): Promise<void> {
  const release = await releaseFor(db);
  await withSession(db, async (session) => {
    // As in a run, where the server has planned the question already.
    await takeSnapshot(session, rollout.ledgerSchema);
    const snapshot = await timed(() => takeSnapshot(session, rollout.ledgerSchema));
    const context = contextFor(db, session, release, () => undefined);
    const rehearsal = await timed(() =>
      withRolloutLock(context, rollout, () =>
        retried(context, "the rehearsal", (guard) =>
          rehearse(context, guard, { pending: release.tiers, toRollBack: [] }),
        ),
      ),
    );
    if (round === 0) return;
    costs.snapshot.push(snapshot);
    costs.rehearsal.push(rehearsal);
  });
}
