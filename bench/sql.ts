import { RATIFIED, type TestDatabase } from "../test/support/database/database";
import type { Options } from "./options";
import { applying, releaseFor, rollingBack, runScripts, timed, withSession } from "./run";
import { median, printLines, printRatio } from "./table";

/** The design allows the SQL of the eight tiers a quarter more than psql takes for the same files. */
const ALLOWED = 1.25;

/**
 * The provider's statement-by-statement run of the eight tiers beside `psql -f` of the same files on the same
 * database, by turns. Of psql both is told: what it says itself its statements took, and the whole process.
 */
export async function benchSql(db: TestDatabase, { rounds }: Options): Promise<void> {
  const release = await releaseFor(db);
  const [provider, statements, whole]: [number[], number[], number[]] = [[], [], []];
  const back = () => withSession(db, (session) => runScripts(session, rollingBack(release)));
  const byProvider = async () => {
    provider.push(await withSession(db, (session) => runScripts(session, applying(release))));
    await back();
  };
  const byPsql = async () => {
    whole.push(
      await timed(async () => {
        statements.push(
          await psqlTime(
            db,
            release.tiers.map(({ apply }) => apply.name),
          ),
        );
      }),
    );
    await back();
  };
  // The first round warms the caches of both.
  for (let round = 0; round <= rounds; round++) {
    for (const turn of round % 2 ? [byProvider, byPsql] : [byPsql, byProvider]) await turn();
    if (round === 0) for (const list of [provider, statements, whole]) list.length = 0;
  }
  printLines(`SQL of the eight tiers, ${rounds} rounds`, [
    { name: "provider, statement by statement", values: provider },
    { name: "psql -f, its own timing", values: statements },
    { name: "psql -f, whole process", values: whole },
  ]);
  printRatio("provider / psql's own timing", median(provider) / median(statements), ALLOWED);
}

/** Runs files in one psql; gives the sum of the times that it tells, in milliseconds. */
async function psqlTime(db: TestDatabase, files: readonly string[]): Promise<number> {
  const args = ["-c", "\\timing on", ...files.flatMap((file) => ["-f", file])];
  const { code, stdout, stderr } = await db.psql(args, { "one_roof.ratified_apr": RATIFIED });
  if (code !== 0) throw new Error(stderr);
  return [...stdout.matchAll(/^Time: ([\d.]+) ms/gm)].reduce((sum, [, time]) => sum + Number(time), 0);
}
