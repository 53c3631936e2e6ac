import { messageOf } from "../../../provider/model/errors";
import { TIER_TYPE } from "../../../provider/model/tier-inputs";
import { gatePolicies } from "../../../policy/gates";
import { runPolicies } from "../../../policy/run";
import { rollout } from "../../../tiers";
import { violations } from "../../unit/fixtures";
import type { TestDatabase } from "../database/database";
import { programOn } from "./program";

/** What the pack says of a run. */
export interface Judgement {
  /** Names of the policies that were violated. */
  names: string[];
  /** Everything that an operator reads of it. */
  output: string;
}

/**
 * Plans a run on the real target and has the real policies judge its tiers, in this process: what `preview` does without the
 * seconds that starting the CLI, the language host, the provider and the pack takes.
 */
export async function judgeRun(
  db: TestDatabase,
  configuration: Readonly<Record<string, string>> = {},
  root?: string,
): Promise<Judgement> {
  try {
    const { inputs } = await programOn(db, configuration, { root }).plan();
    const policies = [...gatePolicies(rollout), ...runPolicies(rollout)];
    const opts = { deleteBeforeReplace: true };
    const said: string[] = [];
    for (const props of inputs) said.push(...(await violations(policies, { type: TIER_TYPE, props, opts } as object)));
    const names = [...new Set(said.map((each) => each.slice(0, each.indexOf(":"))))].sort();
    return { names, output: said.join("\n") };
  } catch (error) {
    return { names: [], output: messageOf(error) };
  }
}
