import { execFileSync } from "node:child_process";
import path from "node:path";
import { takeDetail, takeFingerprint } from "../../provider/ledger/fingerprint";
import { takeSnapshot } from "../../provider/postgres/catalog-snapshot";
import { rollout } from "../../tiers";
import { findBinaries } from "../support/database/server";
import { database } from "../support/database/database";
import { program } from "../support/database/psql";
import { providerSession } from "../support/database/session";
import { temporaryFolder } from "../support/folder";

const major = (command: string) => {
  try {
    return Number(/(\d+)/.exec(execFileSync(command, ["--version"], { encoding: "utf8" }))?.[1]);
  } catch {
    return 0;
  }
};

/** pg_dump reads no server that is newer than itself; TEST_PG_BIN names an older server. */
const dumps = major("pg_dump") >= major(path.join(findBinaries().bin, "postgres"));

/** The fingerprint and what is behind it, of every tier. */
async function everything(url: string) {
  const session = await providerSession(url);
  const snapshot = await takeSnapshot(session, rollout.ledgerSchema);
  const tiers = [];
  for (const tier of rollout.tiers) {
    const { definitions: printed } = await takeDetail(session, tier, snapshot);
    tiers.push({ tier: tier.tier, ...(await takeFingerprint(session, tier, snapshot)), printed });
  }
  return tiers;
}

(dumps ? test : test.skip)("the fingerprint of every tier survives a dump and a restore", async () => {
  const [source, target] = [await database("tier-6"), await database("empty")];
  const before = await everything(source.url);
  expect(before.flatMap(({ rows }) => Object.keys(rows))).toContain("public.axis_assignment");
  expect(Object.keys(before[1].printed)).toHaveLength(43);

  const file = path.join(temporaryFolder(), "all.sql");
  const dump = await program("pg_dump", ["-d", source.url, "-f", file]);
  expect({ ...dump, stdout: "" }).toEqual({ code: 0, stdout: "", stderr: "" });
  const restore = await target.psql(["-q", "-f", file]);
  expect(restore).toMatchObject({ code: 0, stderr: "" });

  expect(await everything(target.url)).toEqual(before);
});
