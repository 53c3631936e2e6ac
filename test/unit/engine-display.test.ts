import { readCommandLine } from "../../cli/pulumi/command-line";
import { displayOptions, messageIn, onceOnly } from "../../cli/pulumi/engine-display";

/** What is shown of what the CLI printed. */
function shown(printed: string): string[] {
  const keep = onceOnly();
  return printed.split("\n").flatMap((line) => keep(line) ?? []);
}

const TIER = "pulumi-nodejs:dynamic/rollout:Tier tier-1-structure";
const STACK = "pulumi:pulumi:Stack one-roof-dev";

test("a row stands once, as it ended, without the message that the list below repeats", () => {
  const printed = `Updating (dev):
Loading policy packs...: starting
Loading policy packs...: done

    ${STACK} running Tier 1 (Structure): as declared
 +  ${TIER} creating (0s) Tier 1
 +  ${TIER} created (1s) Tier 1 (Structure): as declared
 +  ${TIER} created (1s)
    ${STACK}  1 message
    ${STACK}  
Diagnostics:
  ${STACK}:
    Tier 1 (Structure): as declared
    ${TIER} created (1s)

Resources:
    + 1 created`;
  expect(shown(printed)).toEqual([
    "Updating (dev):",
    ` +  ${TIER} created (1s)`,
    "Diagnostics:",
    `  ${STACK}:`,
    "    Tier 1 (Structure): as declared",
    `    ${TIER} created (1s)`,
    "Resources:",
    "    + 1 created",
  ]);
});

test("what failed, and what an update changes, stays", () => {
  const printed = `Updating (dev):
 +  ${TIER} **creating failed** error: no
 ~  ${TIER} update [diff: +report]
    ${STACK} **failed** 1 error`;
  expect(shown(printed)).toEqual([
    "Updating (dev):",
    ` +  ${TIER} **creating failed**`,
    ` ~  ${TIER} update [diff: +report]`,
    `    ${STACK} **failed**`,
  ]);
});

describe("of a preview that is brief", () => {
  const PRINTED = `Previewing destroy (dev):

    ${STACK} running Waiting for a lock held by
    ${STACK} running
 -  ${TIER} delete
Diagnostics:
  pulumi:pulumi:Stack (one-roof-dev):
    Waiting for a lock held by
    somebody
    Rehearsed in 5 ms

Resources:
    - 9 to delete
    1 unchanged`;

  test("what is said stays, once and whole, and until then the last of it is seen", () => {
    const message = messageIn();
    const told = PRINTED.split("\n").map(message);
    expect(told.flatMap(({ lasting }) => lasting ?? [])).toEqual([
      "Waiting for a lock held by",
      "somebody",
      "Rehearsed in 5 ms",
    ]);
    expect(told.flatMap(({ passing }) => passing ?? [])).toEqual([
      "Previewing destroy (dev):",
      "Waiting for a lock held by",
      "running",
      "delete",
    ]);
  });

  test("a refusal keeps the resource that it is of, and what the CLI says by itself stays", () => {
    const message = messageIn();
    const printed = `warning: old\nDiagnostics:\n  ${TIER}:\n    error: it is edited\n\nerror: preview failed`;
    expect(printed.split("\n").flatMap((line) => message(line).lasting ?? [])).toEqual([
      "warning: old",
      `  ${TIER}:`,
      "error: it is edited",
      "error: preview failed",
    ]);
  });
});

test("the run after its preview tells its rows anew", () => {
  const row = ` -  ${TIER} delete`;
  expect(shown(`Previewing destroy (dev):\n${row}\nDestroying (dev):\n${row}`)).toHaveLength(4);
});

test("what is no row of its progress is shown as it is", () => {
  const lines = ["error: no", ` +  ${TIER} creating (0s) outside of a run`, "    pulumi: a line"];
  expect(shown(lines.join("\n"))).toEqual(lines);
});

test("a command that it advises is one that is there", () => {
  expect(shown("completely, run `pulumi stack rm dev`.")).toEqual([
    "completely, run `npm run pulumi -- stack rm dev`.",
  ]);
});

describe("without a terminal", () => {
  const options = (...args: string[]) => displayOptions(args[0] ?? "", readCommandLine(args));

  test("nothing that changes on the screen is asked for, and outputs are left to who looks them up", () => {
    expect(options("up")).toEqual(expect.arrayContaining(["--suppress-outputs", "--suppress-progress"]));
    expect(options("up")).not.toContain("--skip-preview");
    expect(options("destroy")).toContain("--skip-preview");
  });

  test("the caller's own options win", () => {
    const given = options("destroy", "--suppress-outputs=false", "--suppress-progress=false", "--skip-preview=false");
    expect(given.join(" ")).not.toMatch(/suppress|skip-preview/);
    expect(options("destroy", "--preview-only")).not.toContain("--skip-preview");
  });
});
