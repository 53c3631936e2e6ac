/**
 * The provider's face: all that the program, the policy pack, the commands and the declarations of a rollout may use.
 * What is pure is loaded at once; what needs a server, a parser or Pulumi when it is called, because most commands
 * need little of it.
 */
export { PULUMI } from "./model/command";
export { type Configuration, readConfiguration, readOptions } from "./model/configuration";
export { compareTiers, describeGate, describeStop, exitReadings, summarizeReport } from "./model/describe";
export { messageOf, RolloutError } from "./model/errors";
export type { Stop, StopKind } from "./model/findings";
export { bindGates, failedGates, type Parameters } from "./model/gates";
export {
  type Gate,
  isFirstTier,
  type Readings,
  type Rollout,
  type TierDeclaration,
  tierOf,
  writes,
} from "./model/rollout";
export { TIER_TYPE, type TierInputs } from "./model/tier-inputs";
export type { LedgerRow } from "./ledger/ledger";
export type { BlockerTokens } from "./plan/readiness";

const ledger = () => require("./ledger/ledger") as typeof import("./ledger/ledger");
const release = () => require("./release/manifest") as typeof import("./release/manifest");
const plan = () => require("./plan/plan") as typeof import("./plan/plan");
const readiness = () => require("./plan/readiness") as typeof import("./plan/readiness");
const program = () => require("./resource/program") as typeof import("./resource/program");

export const planRun: typeof import("./plan/plan").planRun = (...args) => plan().planRun(...args);

export const startProvider = () => program().startProvider();
export const stackConfiguration = () => program().stackConfiguration();
export const registerTiers: typeof import("./resource/program").registerTiers = (...args) =>
  program().registerTiers(...args);

export const measureReadiness: typeof import("./plan/readiness").measureReadiness = (...args) =>
  readiness().measureReadiness(...args);
export const readinessLine: typeof import("./plan/readiness").readinessLine = (...args) =>
  readiness().readinessLine(...args);

export const askLedger: typeof import("./ledger/ledger").askLedger = (...args) => ledger().askLedger(...args);

/** Writes the manifest of the release that is in `root`; gives its digest. */
export const writeManifest: typeof import("./release/manifest").writeManifest = (...args) =>
  release().writeManifest(...args);
