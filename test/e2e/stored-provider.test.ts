import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as entry from "../../provider/entry";
import { catalogAndRows, differences } from "../support/database/compare";
import fc from "fast-check";
import { ALL, draw, SEED } from "../support/faults/random";
import { withDatabase } from "../support/database/database";
import { type Engine, stateFile, withEngine } from "../support/pulumi/engine";
import { counts, succeed } from "../support/pulumi/operator";

/*
 * A stack's state holds the provider as the text it was when the tiers were applied, and Pulumi runs that text when it
 * destroys, perhaps years later. Every text that a commit ever stored is kept as a fixture, under the day it came; it
 * must lead back to the baseline from this checkout too.
 */

const FIXTURES = "test/fixtures/stored-provider";
const texts = readdirSync(FIXTURES).map((file) => [file, readFileSync(path.join(FIXTURES, file), "utf8")] as const);

test("the text that is stored today is among those that are kept: add it there when it changes", () => {
  const today = readFileSync("provider/resource/stored-provider.js", "utf8");
  expect(texts.map(([, text]) => text)).toContain(today);
});

test.each(texts)("the text of %s is a provider as the SDK loads one, with the verbs of the entry", (_, text) => {
  const requireFromString = require("require-from-string") as (code: string) => { handler(): object };
  const verbs = ["check", "configure", "create", "delete", "diff", "read", "update"];
  expect(Object.keys(requireFromString(text).handler()).sort()).toEqual(verbs);
  expect(Object.keys(entry).sort()).toEqual(verbs);
});

/** Puts another text in the place of the one that was stored. */
function store({ folder }: Engine, text: string): void {
  const file = stateFile(folder);
  const state = JSON.parse(readFileSync(file, "utf8"));
  for (const { inputs, outputs } of state.checkpoint.latest.resources) {
    for (const each of [inputs, outputs]) if (each && "__provider" in each) each.__provider = text;
  }
  writeFileSync(file, JSON.stringify(state));
}

test.each(ALL ? texts : draw(fc.constantFrom(...texts), SEED, 1))(
  "a stack that holds the text of %s is destroyed, and proven",
  async (_, text) => {
    await withDatabase("signed", async (db) => {
      const baseline = await catalogAndRows(db.url);
      await withEngine(db.url, { config: { throughTier: "2" } }, async (stack) => {
        await succeed(stack.up("--skip-preview"));
        store(stack, `${text}\n// As stored.\n`);
        const { output } = await succeed(stack.run("destroy", "--yes", "--skip-preview", "--non-interactive"));

        expect(counts(output)).toEqual(["- 4 deleted"]);
        expect(output).toMatch(/Tier 2 .* rolled back and proven[^]*Tier 1 .* rolled back and proven/);
        expect(differences(baseline, await catalogAndRows(db.url))).toEqual([]);
      });
    });
  },
);
