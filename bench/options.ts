import { parseArgs } from "node:util";
import { whyNotApart } from "./load/processors";

/** What a bench is asked to do. */
export interface Options {
  /** Size of the baseline's big tables; 1 is production size. */
  readonly scale: number;
  /** How often what is compared takes turns. */
  readonly rounds: number;
  /** Governed collections under the views. */
  readonly collections: number;
  /** Other people's tables in the catalog. */
  readonly tables: number;
  /** Who works beside the commands. */
  readonly application: "sql" | "directus";
  /** Requests a second of each member of the application. */
  readonly rate: number;
  /** How long the application is measured without a command, in seconds: as long as the command took, and at least so long. */
  readonly seconds: number;
  /** What else runs beside every command, by name. */
  readonly beside: readonly string[];
  /**
   * Niceness of the commands. In production they run on another machine: with 19, on a machine with nothing else to do, server and
   * application get the processors first. On a busy one that makes them starve while they hold locks.
   */
  readonly nice: number;
  /** Whether the commands, and what the server does for them, have a processor of their own. */
  readonly apart: boolean;
  /** The stack's hold budget; the product's own where it is not given. */
  readonly holdBudget: string | undefined;
}

const OPTIONS = {
  scale: { type: "string", default: "0.001" },
  rounds: { type: "string", default: "5" },
  collections: { type: "string", default: "35" },
  tables: { type: "string", default: "1000" },
  application: { type: "string", default: "sql" },
  rate: { type: "string", default: "10" },
  seconds: { type: "string", default: "0" },
  beside: { type: "string", multiple: true, default: [] as string[] },
  nice: { type: "string", default: "0" },
  apart: { type: "boolean", default: false },
  "hold-budget": { type: "string" },
} as const;

/** The command line: which benches, of those that there are, and how. Throws with the usage where it is none of these. */
export function readOptions(
  benches: readonly string[],
  companions: readonly string[],
): { names: readonly string[]; options: Options } {
  const usage =
    `Usage: npm run bench -- [${benches.join("] [")}] [--scale 1] [--rounds 5] [--collections 3500] [--tables 5000]\n` +
    `  load only: [--application sql|directus] [--rate 10] [--seconds 10] [--nice 19] [--apart] [--hold-budget 60s] [--beside ${companions.join("|")}] …`;
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const options: Options = {
    scale: Number(values.scale),
    rounds: Number(values.rounds),
    collections: Number(values.collections),
    tables: Number(values.tables),
    application: values.application as Options["application"],
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    beside: values.beside,
    nice: Number(values.nice),
    apart: values.apart,
    holdBudget: values["hold-budget"],
  };
  const { scale, rounds, collections, tables, rate, seconds, beside, nice, application, apart } = options;
  const load = rate > 0 && seconds >= 0 && nice >= 0 && nice <= 19;
  const sensible = scale > 0 && rounds >= 1 && collections >= 35 && tables >= 10 && load;
  const known =
    positionals.every((name) => benches.includes(name)) &&
    beside.every((name) => companions.includes(name)) &&
    ["sql", "directus"].includes(application);
  if (!sensible || !known) throw new Error(usage);
  // Directus begins new sessions whenever it likes: they would land with the commands.
  const why = apart ? (application === "directus" ? "Directus begins sessions of its own" : whyNotApart()) : undefined;
  if (why) throw new Error(`--apart: the commands cannot have a processor of their own, ${why}.`);
  return { names: positionals.length ? positionals : benches, options };
}
