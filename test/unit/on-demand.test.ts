import { execFileSync } from "node:child_process";
import path from "node:path";
import { ON_DEMAND } from "../../cli/lifeline";

test("the SDK loads npm's resolver when it is used, and then finds it whole", () => {
  const script = `
    const resolver = () => Object.keys(require.cache).filter((file) => file.includes("arborist")).length;
    require("@pulumi/pulumi");
    const before = resolver();
    const { Arborist } = require("@npmcli/arborist");
    const made = new Arborist({ path: "." }) instanceof Arborist;
    console.log(JSON.stringify([before, made, resolver() > 0]));`;
  const run = (options: string) =>
    JSON.parse(
      execFileSync(process.execPath, ["-e", script], {
        cwd: path.resolve(""),
        env: { ...process.env, NODE_OPTIONS: options },
        encoding: "utf8",
      }),
    ) as [number, boolean, boolean];
  expect(run(ON_DEMAND)).toEqual([0, true, true]);
  // Should the SDK stop loading it by itself, ours can go.
  expect(run("")[0]).toBeGreaterThan(0);
});
