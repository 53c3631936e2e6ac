import type { RolloutError } from "../../../provider/model/errors";
import { tierOf, writes } from "../../../provider/model/rollout";
import type { TierState } from "../../../provider/model/tier-inputs";
import { rollout } from "../../../tiers";
import { catalogAndRows, differences } from "../database/compare";
import { RATIFIED } from "../database/database";
import type { Tier } from "../database/files";
import { temporaryFolder } from "../folder";
import { shapeOf, withoutOwnFiles } from "../pulumi/outcome";
import { type Command, COMMANDS, run, type Setting } from "./engine";
import { HELD, isEdited } from "./held";
import { type Course, rollOut } from "./stages";
import { begin, enter, keepStage, NAME, WORLD_NAMES } from "./worlds";

/** The commands of which each meets every state and every database; what is applied in part is rolled back in part. */
const ASKED: readonly { readonly command: Command; readonly throughTier?: number }[] = [
  ...COMMANDS.filter((command) => command !== "killed up").map((command) => ({ command })),
  { command: "up", throughTier: 3 },
];

/** One combination: what the stack holds, what the database holds, and the command that meets both. */
export interface Case {
  readonly held: string;
  readonly world: string;
  readonly command: Command;
  readonly throughTier?: number;
}

export const CASES: readonly Case[] = Object.keys(HELD).flatMap((held) =>
  WORLD_NAMES.flatMap((world) => ASKED.map((asked) => ({ held, world, ...asked }))),
);

export const nameOf = ({ held, world, command, throughTier }: Case) =>
  `${command}${throughTier === undefined ? "" : ` through tier ${throughTier}`}, state: ${held}, database: ${world}`;

/** How a case ended: `done` and exact, `refused` with nothing changed, or what is wrong with it. */
export type Ending =
  { readonly is: "done" | "refused" | "stopped" } | { readonly is: "unclassified"; readonly why: readonly string[] };

/** What all cases are made of and held to. */
export interface Reference extends Course {
  readonly setting: Setting;
}

/** Rolls out undisturbed, keeping every stage. */
export async function reference(): Promise<Reference> {
  const url = await begin();
  const values = {
    database: NAME,
    ratifiedApr: RATIFIED,
    evidence: temporaryFolder(),
    holdBudget: "60s",
    retryBudget: "1s",
  };
  const setting = { url, values };
  return { ...(await rollOut(setting, (stage) => keepStage(stage as 0 | Tier))), setting };
}

/** Runs one case, through the hooks alone if nothing else is said, and says how it ended. */
export async function judge(
  { held, world, command, throughTier = 8 }: Case,
  { complete, baseline, stages, setting }: Reference,
  through: typeof run = run,
): Promise<Ending> {
  await enter(world);
  const state = HELD[held](complete);
  const before = await catalogAndRows(setting.url);
  const at = { ...setting, values: { ...setting.values, evidence: temporaryFolder() } };
  const ended = await through(command, state, at, throughTier < 8 ? throughTier : undefined);
  const after = await catalogAndRows(setting.url);
  const changed = differences(before, after);
  if (ended.refusal) {
    const isAStage = stages.some((stage) => differences(stage, shapeOf(after)).length === 0);
    const altered = [...changed, ...moved(state, ended.state)];
    if (isEdited(held) && altered.length && isAStage) return { is: "stopped" };
    return settled("refused", [...unnamed(ended.refusal), ...altered]);
  }
  switch (command) {
    case "preview":
    case "gate":
    case "refresh":
      return settled("done", changed);
    case "up":
    case "killed up": {
      const wanted = stages[Math.min(throughTier, 6)];
      // What others changed before the command came is theirs, and stays.
      const theirs = new Set(stages.map((stage) => differences(stage, shapeOf(before))).sort(shortest)[0]);
      const wrong = differences(wanted, shapeOf(after)).filter((line) => !theirs.has(line));
      return settled("done", [...wrong, ...missing(complete, ended.state, throughTier)]);
    }
    case "destroy":
    case "plain destroy": {
      const left = ended.state.map(({ tier }) => `state still holds tier ${tier}`);
      // A stack that holds nothing has nothing to destroy; our command then says what the database still carries.
      const wrong = state.length ? differences(baseline, withoutOwnFiles(after)) : changed;
      return settled("done", [...left, ...wrong]);
    }
  }
}

const shortest = (one: readonly string[], other: readonly string[]) => one.length - other.length;

function settled(is: "done" | "refused", why: readonly string[]): Ending {
  return why.length ? { is: "unclassified", why: [`${is}, but`, ...why] } : { is };
}

/** A refusal says what was expected or found, and that nothing was changed or what to do. */
function unnamed({ message }: RolloutError): string[] {
  return /tier|ledger|target|gate|configur/i.test(message) ? [] : [`refused without a name: ${message}`];
}

/** A tier that only reads leaves nothing in the database: that the state forgets one before a refusal loses nothing. */
function moved(before: readonly TierState[], after: readonly TierState[]): string[] {
  const held = (state: readonly TierState[]) =>
    JSON.stringify(state.filter(({ tier }) => writes(tierOf(rollout, tier))));
  return held(before) === held(after) ? [] : ["the state has changed"];
}

function missing(complete: readonly TierState[], state: readonly TierState[], through: number): string[] {
  const wanted = complete.filter(({ tier }) => tier <= through).map(({ tier }) => tier);
  const held = state.map(({ tier }) => tier);
  const ids = new Set(state.map(({ rolloutId }) => rolloutId));
  return [
    ...(wanted.join() === held.join() ? [] : [`the state holds tiers ${held.join()}, not ${wanted.join()}`]),
    ...(ids.size === 1 ? [] : ["the state holds tiers of more than one rollout"]),
  ];
}
