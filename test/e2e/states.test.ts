import fc from "fast-check";
import { ALL, draw, SEED } from "../support/faults/random";
import { tally } from "../support/faults/tally";
import { CASES, judge, nameOf, reference } from "../support/states/cases";
import { throughCli } from "../support/states/cli";
import { enter } from "../support/states/worlds";

/*
 * A few of the combinations of test/provider/states, by the real CLI: each ends as it does through the hooks alone.
 * More of them: SHARE=40 CHAOS_SEED=3 npm test -- test/e2e/states
 */

const SHARE = Number(process.env.SHARE ?? (ALL ? 40 : 1));

const BY_CLI = CASES.filter(({ command }) => command !== "gate" && command !== "killed up");

test(
  "a combination ends by the CLI as it does through the hooks",
  async () => {
    const made = await reference();
    await enter("untouched");
    const byCli = await throughCli(made.setting);
    const counts = tally(`of ${BY_CLI.length} combinations by the CLI`, 1);
    const wrong: string[] = [];
    for (const each of draw(fc.constantFrom(...BY_CLI), SEED, SHARE)) {
      const [hooks, cli] = [await judge(each, made), await judge(each, made, byCli)];
      counts.count(cli.is);
      if (cli.is === hooks.is && cli.is !== "unclassified") continue;
      counts.inexact();
      wrong.push(`${nameOf(each)}: through the hooks ${JSON.stringify(hooks)}, by the CLI ${JSON.stringify(cli)}`);
    }
    process.stderr.write(`${counts.text()}\n`);
    expect(wrong).toEqual([]);
  },
  SHARE * 60_000 + 240_000,
);
