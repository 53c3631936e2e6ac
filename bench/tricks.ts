import { writeFileSync } from "node:fs";
import path from "node:path";
import type { TestDatabase } from "../test/support/database/database";
import { withFolder } from "../test/support/folder";
import { edit, withProject } from "../test/support/pulumi/project";
import type { Options } from "./options";
import { type Cost, previewOf } from "./preview";
import { median, printLines } from "./table";

/** The tier's resource as the SDK would have it made: from an object of functions, which it serializes. */
const SERIALIZED = `
import { dynamic } from "@pulumi/pulumi";
const load = () => {
  require("tsx/cjs");
  return require(require("node:path").resolve("provider", "entry.ts"));
};
const provider = {
  configure: async (request: any) => load().configure((key: string) => request.config.get(key)),
  check: async (olds: any, news: any) => load().check(olds, news),
  diff: async (id: string, olds: any, news: any) => load().diff(id, olds, news),
  create: async (inputs: any) => load().create(inputs),
  delete: async (id: string, props: any) => load().delete(id, props),
};
export class Tier extends dynamic.Resource {
  constructor(name: string, args: object, opts: object = {}) {
    const props = { rolloutId: undefined, report: undefined, ...args };
    super(provider, name, props, { ...opts, deleteBeforeReplace: true }, "rollout", "Tier");
  }
}
`;

/** How the project is without one of its tricks. */
const WITHOUT: Readonly<Record<string, (project: string) => void>> = {
  "an early start of the provider": (project) => {
    edit(project, { file: "provider/resource/program.ts", find: "  startProvider();\n", replace: "" });
  },
  "a provider that is a text": (project) => {
    writeFileSync(path.join(project, "provider/resource/tier.ts"), SERIALIZED);
  },
};

/** What each trick of the program gives: a preview with it beside one without, by turns. */
export async function benchTricks(db: TestDatabase, { rounds }: Options): Promise<void> {
  await withFolder(async (folder) => {
    for (const [index, [name, spoil]] of Object.entries(WITHOUT).entries()) {
      await withProject([], async (own) => {
        await withProject([], async (without) => {
          spoil(without);
          const previews = [
            await previewOf(own, path.join(folder, `own-${index}`), db),
            await previewOf(without, path.join(folder, `without-${index}`), db),
          ];
          report(name, rounds, await byTurns(previews, rounds));
        });
      });
    }
  });
}

/** Runs both by turns, once more than is counted; gives the costs of each. */
async function byTurns(previews: readonly (() => Promise<Cost>)[], rounds: number): Promise<Cost[][]> {
  const costs: Cost[][] = previews.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, preview] of [...previews.entries()]) {
      const cost = await preview();
      if (round > 0) costs[index]?.push(cost);
    }
  }
  return costs;
}

function report(name: string, rounds: number, [own = [], without = []]: readonly Cost[][]): void {
  const wall = (costs: readonly Cost[]) => costs.map((cost) => cost.wall - cost.rehearsal);
  const ratio = median(wall(own).map((time, round) => time / (wall(without)[round] ?? NaN)));
  printLines(`Preview with and without ${name}, ${rounds} rounds, its rehearsal left out`, [
    { name: "with", values: wall(own) },
    { name: "without", values: wall(without) },
  ]);
  console.log(`  with / without, pair by pair: ${ratio.toFixed(2)}`);
}
