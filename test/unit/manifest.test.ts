import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";
import { differences, identifyRelease, manifest, MANIFEST_FILE } from "../../provider/release/manifest";

const ROOT = path.resolve(__dirname, "../..");

test("the committed manifest is the one of these files: run npm run manifest after a change", async () => {
  expect(readFileSync(path.join(ROOT, MANIFEST_FILE), "utf8")).toBe(await manifest(ROOT));
});

test("sha256sum agrees with every line of the committed manifest", () => {
  const printed = execFileSync("sha256sum", ["-c", MANIFEST_FILE], { cwd: ROOT, encoding: "utf8" });
  const lines = printed.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(30);
  expect(lines.filter((line) => !line.endsWith(": OK"))).toEqual([]);
});

test("production pins the release of the committed manifest", async () => {
  const stack = load(readFileSync(path.join(ROOT, "Pulumi.prod.yaml"), "utf8")) as { config: Record<string, string> };
  const { release } = await identifyRelease(ROOT, "");
  expect(stack.config["one-roof:release"]).toBe(release);
});

test("another digest is refused by the names of the files that differ", () => {
  const line = (hash: string, file: string) => `${hash.repeat(64)}  ${file}\n`;
  const before = line("a", "sql/one.sql") + line("b", "sql/two.sql") + line("c", "tiers/three.ts");
  const after = line("a", "sql/one.sql") + line("d", "sql/two.sql") + line("e", "tiers/four.ts");
  expect(differences(before, after)).toEqual([
    "sql/two.sql (changed)",
    "tiers/four.ts (added)",
    "tiers/three.ts (missing)",
  ]);
  expect(differences(before, before)).toEqual([]);
});
