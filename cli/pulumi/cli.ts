// The Pulumi CLI, ready to run in this project: engine, database, backend and stack are there.
import { namedConnection } from "../dev-database/target";
import type { Intent, ToldTier } from "../../provider";
import { tell } from "../console";
import { exitCodeOf as codeOfInterrupt, onInterrupt } from "../interrupts";
import { type Ended, runInForeground } from "../process";
import { DEV_STACK, writeForOurselves } from "../project";
import { type CommandLine, operationOf, readCommandLine } from "./command-line";
import { requireSurroundings } from "./demands";
import { ensureEngine } from "./engine";
import { engineDisplay, messagesOnly } from "./engine-display";
import { engineErrors } from "./engine-errors";
import { engineEvents } from "./engine-events";
import { commandEnvironment } from "./environment";
import { exitCodeOf, listened, type Outcome } from "./outcome";
import { clearLeftovers, recover } from "./recovery";
import { isEmpty, requireKnownState } from "./state";
import { ensureOwnBackend, type Start } from "./stack";

/** How a command ended. */
export interface Run {
  /** One of our own exit codes. */
  code: number;
  /** What it was about to do, if it came so far as to know. */
  intent: Intent | undefined;
  /** What came of each tier. */
  tiers: readonly ToldTier[];
  /** Whether every resource was found as it is to be; at a terminal, where alone it decides whether a person is asked. */
  allSame?: boolean;
}

export interface Pulumi {
  env: NodeJS.ProcessEnv;
  /** Whether the stack's state is empty, so that a destroy has nothing to delete. */
  holdsNothing(): boolean;
  /**
   * Runs a command. One that fails because of what a dead run left behind is run again without that. Of one that is `brief`, a terminal
   * shows only the messages.
   */
  run(args: readonly string[], how?: { brief?: boolean }): Promise<Run>;
}

const OTHER_PASSPHRASE =
  "It is not the passphrase that this stack was made with. Correct PULUMI_CONFIG_PASSPHRASE or the file that " +
  "PULUMI_CONFIG_PASSPHRASE_FILE names. Nothing was started.";

/** How often what is in a command's way is put right, and the command run again. */
const RECOVERIES = 2;

export async function preparePulumi(line: CommandLine): Promise<Pulumi> {
  const release = onInterrupt((by) => {
    tell(
      `${line.words[0] ?? "pulumi"} on stack ${line.stack} was interrupted before Pulumi was started. Nothing was changed.`,
    );
    process.exit(codeOfInterrupt(by));
  });
  try {
    return await prepare(line);
  } finally {
    release();
  }
}

async function prepare(line: CommandLine): Promise<Pulumi> {
  // Before anything is started: it throws where the environment names a database in words that cannot be read.
  namedConnection();
  requireSurroundings(line);
  const binary = await ensureEngine();
  writeForOurselves();
  const env = await commandEnvironment(line);
  const start: Start = (args, changes, foreground) => runInForeground(binary, args, { ...env, ...changes }, foreground);
  if (!process.env.PULUMI_BACKEND_URL && line.stack === DEV_STACK) await ensureOwnBackend(line, start);
  const url = env.PULUMI_BACKEND_URL ?? "";
  return {
    env,
    holdsNothing: () => isEmpty(line, { binary, env }),
    run: async (args, { brief = false } = {}) => {
      requireKnownState(line, { binary, env });
      await clearLeftovers({ line, start, url });
      for (let recoveries = 0; ; recoveries++) {
        const { ended, kept, allSame } = await attempt(line, args, start, brief);
        if (ended.interrupted) {
          const { tellStanding } = require("./standing") as typeof import("./standing");
          await tellStanding({ line, cli: { binary, env }, ended });
        }
        if (ended.interrupted || ended.code === 0) return { ...endOf(args, ended), allSame };
        const recovered = await recover({ line, start, url, kept });
        if (!recovered || recoveries === RECOVERIES) return endOf(args, ended);
      }
    },
  };
}

/**
 * Runs the command itself: what it shows without a terminal stands once, what it says of locks is kept, a command line that it cannot read
 * and a Ctrl-C that it takes for itself are noticed, and what the run tells as data is read.
 */
async function attempt(line: CommandLine, args: readonly string[], start: Start, brief: boolean) {
  const errors = engineErrors(line);
  const events = engineEvents(line);
  const display = brief ? messagesOnly() : engineDisplay(line);
  const heard = { onDisplay: display?.onDisplay, onError: errors?.onError, onNoticed: events?.onNoticed };
  const ended = await listened((env) => start(args, { ...events?.env, ...env }, heard));
  display?.end();
  const wrong = ended.code === 0 ? undefined : errors?.wrong();
  if (wrong) ended.failures.push("configuration");
  if (wrong === "passphrase") tell(OTHER_PASSPHRASE);
  return { ended, kept: errors?.kept() ?? "", allSame: events?.foundAllSame() ?? false };
}

function endOf(args: readonly string[], ended: Ended & Outcome): Run {
  const line = readCommandLine(args);
  const isPreview = operationOf(line) === "preview" || line.isOn("preview-only");
  return { code: exitCodeOf(ended, isPreview), intent: ended.intent, tiers: ended.tiers };
}
