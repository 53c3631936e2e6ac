import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { stateFolder } from "../../cli/project";

jest.setTimeout(300_000);

/** What a page shows of what the command prints. */
function promised(page: string): string[] {
  const blocks = readFileSync(page, "utf8").split(/^ *```.*$/m);
  return blocks
    .filter((block) => block.includes("$ pulumi "))
    .join("")
    .split("\n")
    .filter((line) => line.trim() && line !== "…");
}

/** A line of the README as it may be printed: `…` stands for anything. */
function pattern(line: string): RegExp {
  const parts = line.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

/** Lines that are not among the others in this order, one after the other. */
function missing(lines: readonly string[], printed: readonly string[]): string[] {
  let next = 0;
  return lines.filter((line) => {
    const found = printed.findIndex((each, index) => index >= next && pattern(line).test(each));
    if (found >= 0) next = found + 1;
    return found < 0;
  });
}

/** What a run could leave behind: files that git sees, and what stands in the state folder. */
function traces(): { files: string; state: string[] } {
  const files = spawnSync("git", ["status", "--porcelain", "--ignored"], { encoding: "utf8" }).stdout;
  const state = existsSync(stateFolder()) ? readdirSync(stateFolder()) : [];
  return { files, state: state.filter((name) => name !== "checks").sort() };
}

test("npm run example does what its README and the page on a second release show, without a terminal, and leaves nothing behind", () => {
  const before = traces();
  // The caller's own rollout must not matter.
  const env = { ...process.env, DATABASE_URL: "postgres://127.0.0.1:1/none", PULUMI_STACK: "prod" };
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "example"], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

  expect({ status, stderr: status === 0 ? "" : stderr + stdout }).toEqual({ status: 0, stderr: "" });
  const printed = stdout.split("\n").map((line) => line.trimEnd());
  for (const page of ["examples/harbour/README.md", "docs/second-release.md"]) {
    expect(promised(page).length).toBeGreaterThan(30);
    expect([page, missing(promised(page), printed)]).toEqual([page, []]);
  }
  expect(traces()).toEqual(before);
});
