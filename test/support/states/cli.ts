import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { RolloutError } from "../../../provider/model/errors";
import { TIER_TYPE, type TierState } from "../../../provider/model/tier-inputs";
import { npmRun } from "../faults/process-under-test";
import { type Engine, restore, stateFile, withEngine } from "../pulumi/engine";
import { succeed } from "../pulumi/operator";
import type { Result } from "../processes";
import { type Command, type Ended, run, type Setting } from "./engine";

/*
 * The same commands by the real CLI, on states as it writes them: what the hooks get from the engine of the tests is what they get from
 * Pulumi's.
 */

interface Resource {
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

const isTier = ({ type }: Resource) => type === TIER_TYPE;

/** What only Pulumi knows of a tier: the text of its provider, where its module is, and who comes before it. */
const PULUMIS_OWN = ["__provider", "module", "previous"];

/** Rolls out by the CLI, and gives what runs a command of a case by it. */
export async function throughCli({ url, values }: Setting): Promise<typeof run> {
  const pattern = await withEngine(url, { config: values }, async (stack) => {
    await succeed(stack.up("--skip-preview"));
    return readFileSync(stateFile(stack.folder), "utf8");
  });
  return (command, state, setting, throughTier) =>
    withEngine(
      url,
      { config: { ...setting.values, throughTier: throughTier?.toString() } },
      async (stack): Promise<Ended> => {
        restore(stack.folder, "one-roof", stateOf(pattern, state));
        const { code, output } = await start(stack, command);
        return {
          state: stack.resources().map(({ outputs }) => heldBy(outputs, state)),
          ...(code !== 0 && { refusal: new RolloutError(output) }),
        };
      },
    );
}

/** What the state holds of a tier: what it was given, where nothing of that has changed. */
function heldBy(outputs: Readonly<Record<string, unknown>>, given: readonly TierState[]): TierState {
  const same = given.find((state) => state.tier === outputs.tier && isDeepStrictEqual(filled(outputs, state), outputs));
  return same ?? (outputs as unknown as TierState);
}

function start(stack: Engine, command: Command): Promise<Result> {
  switch (command) {
    case "preview":
      return npmRun(stack, command);
    case "up":
    case "destroy":
      return npmRun(stack, command, "--skip-preview");
    case "plain destroy":
      return stack.run("destroy", "--yes", "--skip-preview", "--non-interactive");
    case "refresh":
      return stack.refresh();
    default:
      throw new Error(`${command} is no command of the CLI.`);
  }
}

/** A state of the CLI that holds these tiers. */
function stateOf(pattern: string, states: readonly TierState[]): string {
  const state = JSON.parse(pattern) as { checkpoint: { latest: { resources: Resource[] } } };
  const { latest } = state.checkpoint;
  latest.resources = latest.resources.flatMap((resource) => {
    if (!isTier(resource)) return states.length ? resource : [];
    const own = states.find(({ tier }) => tier === resource.outputs?.tier);
    return own ? { ...resource, inputs: filled(resource.inputs, own), outputs: filled(resource.outputs, own) } : [];
  });
  return JSON.stringify(state);
}

function filled(values: Resource["inputs"] = {}, own: TierState): Readonly<Record<string, unknown>> {
  const from = own as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, PULUMIS_OWN.includes(name) ? value : from[name]]),
  );
}
