import type { PolicyResource, StackValidationArgs } from "@pulumi/policy";
import { foldedStack } from "../../policy/fold";
import { tierOrder } from "../../policy/order";
import { TIER_TYPE } from "../../provider/model/tier-inputs";
import { ROLLOUT } from "./fixtures";

const urn = (tier: number) => `urn:tier-${tier}`;

/** A tier as the stack holds it, depending on the tiers given. */
function resource(tier: number, ...dependencies: number[]): PolicyResource {
  const on = dependencies.map((each) => ({ urn: urn(each) }));
  return { type: TIER_TYPE, urn: urn(tier), props: { tier }, dependencies: on } as unknown as PolicyResource;
}

async function judge(...resources: PolicyResource[]): Promise<string[]> {
  const found: string[] = [];
  await foldedStack(tierOrder(ROLLOUT)).validateStack({ resources } as StackValidationArgs, (message) =>
    found.push(message),
  );
  return found;
}

test.each<[string, PolicyResource[]]>([
  ["no tier", []],
  ["the first", [resource(0)]],
  ["the first two", [resource(0), resource(1, 0)]],
  ["all of them", [resource(0), resource(1, 0), resource(3, 1)]],
  ["all of them in another order of listing", [resource(3, 1), resource(0), resource(1, 0)]],
  ["tiers that depend on more", [resource(0), resource(1, 0), resource(3, 0, 1)]],
  [
    "other resources",
    [{ type: "pulumi:pulumi:Stack", urn: "x", props: {}, dependencies: [] } as unknown as PolicyResource],
  ],
])("a stack of %s passes", async (_, resources) => {
  expect(await judge(...resources)).toEqual([]);
});

test("a stack without a tier in between is told which one is missing", async () => {
  expect(await judge(resource(0), resource(3, 0))).toEqual(["Tier 1 is missing: expected the tiers 0, 1, found 0, 3."]);
});

test("a stack without the first tier is refused", async () => {
  expect(await judge(resource(1))).toEqual(["Tier 0 is missing: expected the tiers 0, found 1."]);
});

test("tiers that --target leaves out are told once, with what to do instead", async () => {
  const leftOut = { ...resource(0), props: {} };
  expect(await judge(leftOut, { ...leftOut, urn: urn(1) }, resource(3))).toEqual([
    "2 of the tiers are left out (--target, --exclude), and a part of a run cannot be judged.\n" +
      "To go only so far: pulumi config set throughTier TIER; pulumi up",
  ]);
});

test.each<[string, PolicyResource, string]>([
  ["on none", resource(3), "Tier 3 does not depend on tier 1."],
  ["only on one further back", resource(3, 0), "Tier 3 does not depend on tier 1."],
])("a tier that depends %s is refused", async (_, last, violation) => {
  expect(await judge(resource(0), resource(1, 0), last)).toEqual([violation]);
});

test("the order is mandatory", () => {
  expect(tierOrder(ROLLOUT)).toMatchObject({ name: "tier_order", enforcementLevel: "mandatory" });
});
