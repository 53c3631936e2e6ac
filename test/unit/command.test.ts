/** How a message names the command to type next: where this project has one of its own, that one. */
function commands(cli: string | undefined) {
  const { ROLLOUT_CLI: former } = process.env;
  process.env.ROLLOUT_CLI = cli ?? "";
  try {
    let loaded!: typeof import("../../provider/model/command");
    jest.isolateModules(() => (loaded = require("../../provider/model/command") as typeof loaded));
    return loaded;
  } finally {
    process.env.ROLLOUT_CLI = former;
  }
}

test("under the commands of this project", () => {
  expect(commands("npm run pulumi --")).toMatchObject({
    PULUMI: "npm run pulumi --",
    UP: "npm run up",
    PREVIEW: "npm run preview",
    DESTROY: "npm run destroy",
  });
});

test("under Pulumi by hand", () => {
  expect(commands(undefined)).toMatchObject({ PULUMI: "pulumi", UP: "pulumi up", DESTROY: "pulumi destroy" });
});
