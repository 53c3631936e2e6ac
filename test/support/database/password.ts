import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestDatabase } from "./database";

/** Has the server ask this login, whose password is `right`, for it, which it asks nobody else. */
export async function withPassword(db: TestDatabase, role: string, use: () => Promise<void>): Promise<void> {
  const loadTime = () => db.value<string>("SELECT pg_conf_load_time()::text");
  const file = await db.value<string>("SHOW hba_file");
  const rules = readFileSync(file, "utf8");
  const write = async (text: string) => {
    const loaded = await loadTime();
    writeFileSync(file, text);
    await db.query("SELECT pg_reload_conf()");
    // The server reads the rules before it tells its sessions to do the same.
    for (let attempt = 0; (await loadTime()) === loaded && attempt < 400; attempt++) await sleep(25);
  };
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'right'`);
  await write(`host all ${role} 127.0.0.1/32 scram-sha-256\n${rules}`);
  try {
    await use();
  } finally {
    await write(rules);
    await db.query(`DROP ROLE ${role}`);
  }
}
