import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EXIT } from "../../cli/exit-codes";
import { catalogAndRows, differences } from "../support/database/compare";
import { withDatabase } from "../support/database/database";
import { program } from "../support/database/psql";
import { type Engine, stateFile, withEngine } from "../support/pulumi/engine";
import { succeed } from "../support/pulumi/operator";

/** Somebody who can write to the backend has put code into the provider of a tier. The engine runs it; our commands do not let it. */

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

test.each([["destroy"], ["refresh"], ["preview"], ["up"], ["pulumi", "destroy"], ["pulumi", "-y", "dn"]])(
  "%s %s",
  async (...command) => {
    await withDatabase("signed", async (db) => {
      await withEngine(db.url, { config: { throughTier: "0" } }, async (stack) => {
        await succeed(stack.up("--skip-preview"));
        const before = await catalogAndRows(db.url);
        const marker = path.join(stack.folder, "executed");
        plant(stack, marker);
        const args = [...command.filter(Boolean), "--yes"].filter((arg) => command[0] !== "preview" || arg !== "--yes");
        const { code, stdout, stderr } = await program(process.execPath, ["cli/main.js", ...args], stack.env);
        expect([code, stdout]).toEqual([EXIT.refused, ""]);
        expect(stderr).toContain("tier-0-preflight: outputs with an unknown provider, SHA-256 ");
        expect(stderr).toContain("Nothing was started.");
        expect(existsSync(marker)).toBe(false);
        expect(differences(before, await catalogAndRows(db.url))).toEqual([]);
        if (command[0] !== "destroy") return;
        // What it would have been: the engine alone does not look.
        await stack.run("refresh", "--yes", "--non-interactive");
        expect(existsSync(marker)).toBe(true);
      });
    });
  },
);
