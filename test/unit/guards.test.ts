import { accessDemanded, requirePinned } from "../../provider/model/guards";

test("only the stack dev may go without a ratified release", () => {
  expect(() => requirePinned("dev", "")).not.toThrow();
  expect(() => requirePinned("prod", "1".repeat(64))).not.toThrow();
  for (const stack of ["prod", "clone", "Dev", "acme/one-roof/prod"]) {
    expect(() => requirePinned(stack, "")).toThrow(/pins no release[^]*config set release DIGEST$/);
  }
});

test("only the stack dev may go without the rollout's roles", () => {
  expect(["dev", "prod", "clone", "Dev"].map(accessDemanded)).toEqual(["optional", "required", "required", "required"]);
});
