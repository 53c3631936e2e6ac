import path from "node:path";
import { setAllConfig } from "@pulumi/pulumi/runtime/config";
import { setMocks } from "@pulumi/pulumi/runtime/mocks";
import { runProgram } from "../../provider/resource/program";
import { rollout } from "../../tiers";

const former = { ...process.env };

afterEach(() => {
  process.env = { ...former };
});

/** The program of a stack that pins no release, on a server that is not there. */
async function run(stack: string, command?: string): Promise<string> {
  await setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) }, "here", stack);
  setAllConfig({ "here:database": "directus", "here:ratifiedApr": "APR-0211", "here:retryBudget": "1s" });
  process.env.DATABASE_URL = "postgres://postgres@127.0.0.1:1/directus";
  process.env.PULUMI_OPTION_POLICY_PACK = "policy";
  if (command) process.env.ROLLOUT_COMMAND = command;
  return runProgram({ root: path.resolve(""), rollout }).then(() => "", String);
}

test("a stack that is not the developer's rolls nothing out that was not ratified", async () => {
  expect(await run("prod")).toContain("Stack prod pins no release, so nothing says which files were ratified");
});

test("its way back asks for no ratification, nor does the developer's stack", async () => {
  for (const reached of [await run("prod", "destroy"), await run("dev")]) {
    expect(reached).toContain("127.0.0.1:1");
    expect(reached).not.toContain("pins no release");
  }
});
