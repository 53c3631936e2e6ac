// Plants defects that matter, one at a time, in a copy of this checkout, and tells which test sees each:
// npm run mutants -- [--list] [--only PART-OF-A-NAME …] [--parallel N] [--wide]
// Exit code 1 if one is seen by no test, or has lost its place in the code.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ensureEngine } from "../../cli/pulumi/engine";
import { type Copy, copyProject, whyNotHere, withMutant } from "./copy";
import { endAll, readTests, runJest, type Test } from "./jest";
import { MUTANTS } from "./mutants";
import type { Mutant } from "./mutant";
import { type Options, readOptions } from "./options";

/** What is tried with --wide. */
const WIDE = ["test/unit", "test/sql", "test/provider"];

/** What became of a mutant. */
interface Verdict {
  readonly is: "caught" | "SURVIVED" | "INVALID";
  /** The tests that saw it, or why it is no mutant. */
  readonly by: string;
}

async function main(): Promise<number> {
  const options = readOptions();
  const chosen = MUTANTS.filter(({ name }) => !options.only.length || options.only.some((part) => name.includes(part)));
  if (!chosen.length) throw new Error(`No mutant has ${options.only.join(" or ")} in its name: see --list.`);
  if (options.list) {
    for (const { name, file, defect } of chosen)
      console.log(`${name.padEnd(width(chosen, "name"))}  ${file}: ${defect}`);
    return 0;
  }
  await ensureEngine();
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "one-roof-mutants-"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      endAll();
      fs.rmSync(home, { recursive: true, force: true });
      process.exit(128 + os.constants.signals[signal]);
    });
  }
  try {
    return await tryAll(chosen, options, home);
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

async function tryAll(chosen: readonly Mutant[], { parallel, wide }: Options, home: string): Promise<number> {
  const started = performance.now();
  const copies = Array.from({ length: Math.min(parallel, chosen.length) }, (_, index) => copyProject(home, index + 1));
  await requirePassing(copies[0], chosen, parallel);
  const waiting = [...chosen];
  const counts = { caught: 0, SURVIVED: 0, INVALID: 0 };
  const work = async (copy: Copy) => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const begun = performance.now();
      const { is, by } = await tryOne(copy, mutant, wide);
      counts[is]++;
      const seconds = ((performance.now() - begun) / 1_000).toFixed(1).padStart(6);
      const [name, file] = [mutant.name.padEnd(width(chosen, "name")), mutant.file.padEnd(width(chosen, "file"))];
      console.log(`${is.padEnd(8)}  ${name}  ${file}  ${seconds} s  ${by}`);
    }
  };
  await Promise.all(copies.map(work));
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(
    `${chosen.length} mutants in ${minutes} min: ${counts.caught} caught, ${counts.SURVIVED} survived, ${counts.INVALID} invalid`,
  );
  return counts.caught === chosen.length ? 0 : 1;
}

function width(mutants: readonly Mutant[], field: "name" | "file"): number {
  return Math.max(...mutants.map((mutant) => mutant[field].length));
}

/** A test that fails anyway would see every mutant, and one that is not there none. */
async function requirePassing(copy: Copy | undefined, mutants: readonly Mutant[], workers: number): Promise<void> {
  if (!copy) return;
  const wanted = [...new Set(mutants.flatMap(({ tests }) => tests))].map(readTests);
  const whole = wanted.filter(({ part }) => part === undefined).map(({ file }) => file);
  const partly = wanted.filter(({ part }) => part !== undefined);
  const passed: Test[] = [];
  for (const [files, parts] of [
    [whole, []],
    [partly.map(({ file }) => file), partly.map(({ part }) => part ?? "")],
  ] as const) {
    if (!files.length) continue;
    const run = { files: [...new Set(files)], parts: [...new Set(parts)], workers, limit: 30 };
    const outcome = await runJest(copy, run);
    const failed = outcome.failed.map(nameOf);
    if (outcome.broken ?? failed.length) {
      throw new Error(`Without any mutant these tests fail already: ${outcome.broken ?? failed.join("; ")}`);
    }
    passed.push(...outcome.passed);
  }
  const missing = wanted.filter(
    ({ file, part = "" }) => !passed.some((test) => test.file === file && test.name.includes(part)),
  );
  if (!missing.length) return;
  throw new Error(`There are no such tests: ${missing.map(({ file, part }) => `${file} -t ${part ?? ""}`).join("; ")}`);
}

async function tryOne(copy: Copy, mutant: Mutant, wide: boolean): Promise<Verdict> {
  const [reason] = whyNotHere(mutant);
  if (reason) return { is: "INVALID", by: reason };
  return withMutant(copy, mutant, async () => {
    const named = mutant.tests
      .map(readTests)
      .map(({ file, part }) => ({ files: [file], parts: part ? [part] : [], limit: 5 }));
    const all = { files: testsBelow(copy, WIDE), parts: [], limit: 60 };
    for (const run of wide ? [...named, all] : named) {
      const { failed, broken } = await runJest(copy, { ...run, workers: 1 });
      const [first, ...more] = failed.map(nameOf);
      if (first !== undefined) return { is: "caught", by: more.length ? `${first} (and ${more.length} more)` : first };
      if (broken !== undefined) return { is: "INVALID", by: `it keeps its tests from running: ${broken}` };
    }
    return { is: "SURVIVED", by: mutant.defect };
  });
}

function testsBelow({ folder }: Copy, rooms: readonly string[]): string[] {
  return rooms.flatMap((room) =>
    fs
      .readdirSync(path.join(folder, room))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => path.join(room, name)),
  );
}

function nameOf({ file, name }: Test): string {
  return `${file}: ${name}`;
}

main()
  .then((code) => (process.exitCode = code))
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
