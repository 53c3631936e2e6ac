// Measures side by side, asserts nothing, leaves nothing behind:
// npm run bench -- [sql] [rehearsal] [preview] [tricks] [catalog] [locks] [views] [--scale 1] [--rounds 5] [--collections 3500] [--tables 5000]
import os from "node:os";
import { parseArgs } from "node:util";
import { benchCatalog } from "./catalog";
import { baseline } from "./database";
import { benchLocks } from "./locks";
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
  views: benchViews,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scale: { type: "string", default: "0.001" },
      rounds: { type: "string", default: "5" },
      collections: { type: "string", default: "35" },
      tables: { type: "string", default: "1000" },
    },
  });
  const [scale, rounds, collections] = [Number(values.scale), Number(values.rounds), Number(values.collections)];
  const tables = Number(values.tables);
  const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length || !(scale > 0) || !(rounds >= 1) || !(collections >= 35) || !(tables >= 10)) {
    throw new Error(
      `Usage: npm run bench -- [${Object.keys(BENCHES).join("] [")}] [--scale 1] [--rounds 5] [--collections 3500] [--tables 5000]`,
    );
  }
  // A connection of the tests' own kind does not keep a process from ending.
  const alive = setInterval(() => undefined, 60_000);
  let db: Awaited<ReturnType<typeof baseline>> | undefined;
  const loading = await timed(async () => (db = await baseline(scale)));
  if (!db) return;
  console.log(
    `Baseline at scale ${values.scale} in ${(loading / 1000).toFixed(1)} s; load average ${os.loadavg()[0]?.toFixed(1) ?? "?"}`,
  );
  try {
    for (const [name, bench] of Object.entries(BENCHES)) {
      if (!positionals.length || positionals.includes(name)) await bench(db, rounds, collections, tables);
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
