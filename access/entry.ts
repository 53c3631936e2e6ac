/**
 * What the provider text in a state loads, for ever: this path and these names are a public interface. Each verb runs one
 * SQL text, whole or not at all, on the database that the environment names.
 */
import { openSession } from "../provider";
import type { ApprovalsArgs } from "./approvals-resource";

export function diff(_id: string, olds: ApprovalsArgs, news: ApprovalsArgs) {
  const replaces = olds.database === news.database ? [] : ["database"];
  return { changes: olds.sql !== news.sql || olds.removal !== news.removal || replaces.length > 0, replaces };
}

export async function create({ database, sql, removal }: ApprovalsArgs) {
  await run(database, sql);
  return { id: `approvals of ${database}`, outs: { database, sql, removal } };
}

export async function update(_id: string, _olds: ApprovalsArgs, { database, sql, removal }: ApprovalsArgs) {
  await run(database, sql);
  return { outs: { database, sql, removal } };
}

const deleteApprovals = (_id: string, { database, removal }: ApprovalsArgs) => run(database, removal);

export { deleteApprovals as delete };

async function run(database: string, sql: string): Promise<void> {
  const session = await openSession({ application: "rollout access" });
  try {
    const found = session.target.database;
    if (found !== database) {
      throw new Error(`Expected the database ${database}, found ${found}. Nothing was changed. Correct PGDATABASE.`);
    }
    await session.query(sql);
  } finally {
    await session.close();
  }
}
