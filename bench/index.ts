// Measures side by side, asserts nothing, leaves nothing behind:
// npm run bench -- [sql] [rehearsal] [preview] [tricks] [catalog] [locks] [load] [views], and how: options.ts
import os from "node:os";
import { benchCatalog } from "./catalog";
import { baseline } from "./database";
import { benchLoad } from "./load";
import { COMPANIONS } from "./load/companions";
import { benchLocks } from "./locks";
import { readOptions } from "./options";
import { benchPreview } from "./preview";
import { benchRehearsal } from "./rehearsal";
import { benchSql } from "./sql";
import { benchTricks } from "./tricks";
import { timed } from "./run";
import { benchViews } from "./views";

// The views last: they leave the rollout applied.
const BENCHES = {
  sql: benchSql,
  rehearsal: benchRehearsal,
  preview: benchPreview,
  tricks: benchTricks,
  catalog: benchCatalog,
  locks: benchLocks,
  load: benchLoad,
  views: benchViews,
};

async function main(): Promise<void> {
  const { names, options } = readOptions(Object.keys(BENCHES), Object.keys(COMPANIONS));
  // A connection of the tests' own kind does not keep a process from ending.
  const alive = setInterval(() => undefined, 60_000);
  let db: Awaited<ReturnType<typeof baseline>> | undefined;
  const loading = await timed(async () => (db = await baseline(options.scale)));
  if (!db) return;
  console.log(
    `Baseline at scale ${options.scale} in ${(loading / 1000).toFixed(1)} s; load average ${os.loadavg()[0]?.toFixed(1) ?? "?"}`,
  );
  try {
    for (const [name, bench] of Object.entries(BENCHES)) {
      if (names.includes(name)) await bench(db, options);
    }
  } finally {
    await db.drop();
    clearInterval(alive);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
