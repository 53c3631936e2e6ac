import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { catalogAndRows, differences } from "../support/database/compare";
import { database, type TestDatabase } from "../support/database/database";
import { program } from "../support/database/psql";
import { type Engine, engine, stateFile } from "../support/pulumi/engine";
import { succeed } from "../support/pulumi/operator";

/** The engine runs whatever provider a state holds; our commands do not let it. */

function plant(stack: Engine, marker: string): void {
  const file = stateFile(stack.folder);
  const state = JSON.parse(readFileSync(file, "utf8"));
  const code = `\nrequire("node:fs").writeFileSync(${JSON.stringify(marker)}, "");\n`;
  for (const { inputs, outputs } of state.checkpoint.latest.resources) {
    for (const each of [inputs, outputs])
      if (each && "__provider" in each) each.__provider = `${each.__provider}${code}`;
  }
  writeFileSync(file, JSON.stringify(state));
}

let db: TestDatabase;
let stack: Engine;

beforeAll(async () => {
  db = await database("signed");
  stack = engine(db.url, { config: { throughTier: "0" } });
  await succeed(stack.up("--skip-preview"));
});

describe("somebody who can write to the backend has put code into the provider of a tier", () => {
  let marker: string;

  beforeAll(() => {
    marker = path.join(stack.folder, "executed");
    plant(stack, marker);
  });

  test.each([["destroy"], ["refresh"], ["preview"], ["up"], ["pulumi", "destroy"], ["pulumi", "-y", "dn"]])(
    "%s %s does not start",
    async (...command) => {
      const before = await catalogAndRows(db.url);
      const args = [...command.filter(Boolean), "--yes"].filter((arg) => command[0] !== "preview" || arg !== "--yes");
      const { code, stdout, stderr } = await program(process.execPath, ["cli/main.js", ...args], stack.env);
      expect([code, stdout]).toEqual([EXIT.refused, ""]);
      expect(stderr).toContain("tier-0-preflight: outputs with an unknown provider, SHA-256 ");
      expect(stderr).toContain("Nothing was started.");
      expect(existsSync(marker)).toBe(false);
      expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
    },
  );

  test("what it would have been: the engine alone does not look", async () => {
    await stack.run("refresh", "--yes", "--non-interactive");
    expect(existsSync(marker)).toBe(true);
  });
});
