import { execFile } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { TestDatabase } from "../test/support/database/database";
import { withFolder } from "../test/support/folder";
import type { Options } from "./options";
import { newStack } from "./stack";
import { median, printLines, printRatio } from "./table";

/** The design allows a preview 1.6 times an empty program with an empty pack, beside the rehearsal's own time. */
const ALLOWED = 1.6;

const run = promisify(execFile);

/** What one command cost, in milliseconds. */
export interface Cost {
  readonly wall: number;
  /** Processor time of the CLI and of all that it waited for. */
  readonly processor: number;
  /** What the rehearsal says it took; 0 where there was none. */
  readonly rehearsal: number;
}

/** A preview of this project beside one of an empty program with an empty pack, started the same way, by turns. */
export async function benchPreview(db: TestDatabase, { rounds }: Options): Promise<void> {
  await withFolder(async (folder) => {
    const own = await previewOf(path.resolve(""), path.join(folder, "own"), db);
    const empty = await previewOf(emptyProject(path.join(folder, "project")), path.join(folder, "empty"), db);
    const costs: { own: Cost[]; empty: Cost[] } = { own: [], empty: [] };
    for (let round = 0; round <= rounds; round++) {
      const turns = [async () => costs.own.push(await own()), async () => costs.empty.push(await empty())];
      for (const turn of round % 2 ? turns : turns.reverse()) await turn();
      if (round === 0) for (const list of [costs.own, costs.empty]) list.length = 0;
    }
    report(rounds, costs.own, costs.empty);
  });
}

function report(rounds: number, own: readonly Cost[], empty: readonly Cost[]): void {
  const [ownWall, ownWork] = [own.map(({ wall }) => wall), own.map(({ processor }) => processor)];
  const [emptyWall, emptyWork] = [empty.map(({ wall }) => wall), empty.map(({ processor }) => processor)];
  const without = own.map(({ wall, rehearsal }) => wall - rehearsal);
  printLines(`Preview of all tiers, ${rounds} rounds`, [
    { name: "preview, wall", values: ownWall },
    { name: "  of which the rehearsal", values: own.map(({ rehearsal }) => rehearsal) },
    { name: "preview, user + sys", values: ownWork },
    { name: "empty program and pack, wall", values: emptyWall },
    { name: "empty program and pack, user + sys", values: emptyWork },
  ]);
  printRatio("preview without its rehearsal / empty, wall", median(without) / median(emptyWall), ALLOWED);
  printRatio("preview / empty, user + sys", median(ownWork) / median(emptyWork), ALLOWED);
}

/** A project that does nothing, loaded by the same means as this one. */
function emptyProject(folder: string): string {
  for (const room of ["policy", "provider"]) mkdirSync(path.join(folder, room), { recursive: true });
  for (const file of ["Pulumi.yaml", "package.json", "tsconfig.json", "tsconfig.pulumi.json", "provider/loader.js"]) {
    cpSync(file, path.join(folder, file));
  }
  for (const file of ["index.js", "package.json", "PulumiPolicy.yaml"]) {
    cpSync(path.join("policy", file), path.join(folder, "policy", file));
  }
  writeFileSync(path.join(folder, "index.ts"), "export {};\n");
  const pack = `import { PolicyPack } from "@pulumi/policy";\nnew PolicyPack("one-roof", { policies: [] });\n`;
  writeFileSync(path.join(folder, "policy/pack.ts"), pack);
  symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"));
  return folder;
}

/** Prepares a stack with a backend of its own; gives the preview that is measured. */
export async function previewOf(project: string, backend: string, db: TestDatabase): Promise<() => Promise<Cost>> {
  const { cli, env, options, configure } = await newStack(project, backend, db);
  // Nobody waits for its locks.
  configure({ holdBudget: "60s" });
  const command = 'TIMEFORMAT="cost %R %U %S"; time "$@"';
  return async () => {
    const { stdout, stderr } = await run("bash", ["-c", command, "bench", cli, "preview", ...options], {
      cwd: project,
      env: { ...env, ROLLOUT_COMMAND: "preview" },
    });
    const [, wall, user, sys] = /^cost (\S+) (\S+) (\S+)$/m.exec(stderr) ?? [];
    const rehearsal = Number(/Rehearsed in (\d+) ms/.exec(stdout)?.[1] ?? 0);
    return { wall: Number(wall) * 1000, processor: (Number(user) + Number(sys)) * 1000, rehearsal };
  };
}
