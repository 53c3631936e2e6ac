import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Rollout } from "../../../provider/model/rollout";
import { temporaryFolder } from "../folder";
import { edit } from "./project";

/** A release of the harbour's tolls: the folder in which its files are, and what they roll out. */
export interface Release {
  readonly root: string;
  readonly rollout: Rollout;
}

export const FIRST = releaseIn(path.resolve("examples/harbour"));
export const SECOND = releaseIn(path.resolve("examples/harbour-second"));

function releaseIn(root: string): Release {
  return { root, rollout: (require(path.join(root, "tiers")) as { rollout: Rollout }).rollout };
}

/** The application into which the tolls are rolled out, as SQL. */
export const APPLICATION = readFileSync(path.join(FIRST.root, "sql/harbour.sql"), "utf8");

/** Another text of a file, or, where nothing is to be found, a new file. */
export interface Revision {
  readonly file: string;
  readonly find?: string;
  readonly replace: string;
}

/** The second release with other files, in a folder of its own. */
export function revised(...revisions: readonly Revision[]): Release {
  const folder = path.join(temporaryFolder(), "release");
  cpSync(SECOND.root, folder, { recursive: true });
  for (const { file, find, replace } of revisions) {
    if (find === undefined) writeFileSync(path.join(folder, file), replace);
    else edit(folder, { file, find, replace });
  }
  return releaseIn(folder);
}

const VIEW = `SELECT number FROM harbour.berth
WHERE NOT EXISTS (SELECT FROM harbour.toll WHERE toll.berth = berth.number)
  OR EXISTS (SELECT FROM harbour.exemption WHERE exemption.berth = berth.number)`;

/**
 * A third release, which only changes: a view is dropped and made anew with one more column, and a table in which tier 20 has
 * rows grows one. It is listed behind the tier that closes the rollout.
 */
export const THIRD: readonly Revision[] = [
  {
    file: "sql/40_since.sql",
    replace: `BEGIN;
ALTER TABLE harbour.tariff ADD COLUMN since date NOT NULL DEFAULT '1613-01-01';
DROP VIEW harbour.v_untolled_berth;
CREATE VIEW harbour.v_untolled_berth AS ${VIEW.replace("number", "number, metres")};
COMMIT;
`,
  },
  {
    file: "sql/40_since_back.sql",
    replace: `BEGIN;
DROP VIEW harbour.v_untolled_berth;
CREATE VIEW harbour.v_untolled_berth AS ${VIEW};
ALTER TABLE harbour.tariff DROP COLUMN since;
COMMIT;
`,
  },
  {
    file: "tiers/tier-40-since.ts",
    replace: `export const since = {
  tier: 40,
  name: "since",
  title: "Since",
  apply: "sql/40_since.sql",
  rollback: "sql/40_since_back.sql",
  gates: [],
  delta: {
    objects: {},
    changes: { table: ["harbour.tariff"], view: ["harbour.v_untolled_berth"] },
    rows: {},
    readings: {},
  },
  parameters: [],
};
`,
  },
  {
    file: "tiers/index.ts",
    find: "import { reckoning }",
    replace: 'import { since } from "./tier-40-since";\nimport { reckoning }',
  },
  { file: "tiers/index.ts", find: "exemptions, reckoning]", replace: "exemptions, reckoning, since]" },
];
