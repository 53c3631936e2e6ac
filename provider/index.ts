/**
 * The provider's face: all that the program, the policy pack, the commands and the declarations of a rollout may use.
 * What is pure is loaded at once; what needs a server, a parser or Pulumi when it is called, because most commands
 * need little of it.
 */
export type {
  AccessDeclaration,
  DeclareAccess,
  AccessFinding,
  Grant,
  GrantedKind,
  Owned,
  RoleAttributes,
} from "./model/access";
export { isPreview, PREVIEW, PULUMI, UP } from "./model/command";
export {
  describeAccess,
  describeCondition,
  describeContract,
  describeDelta,
  describeGate,
  describeStop,
  show,
} from "./model/describe";
export { describeTiers, shortDigest } from "./model/describe-ledger";
export { codeOf, firstSentence, messageOf } from "./model/errors";
export { fold } from "./model/fold";
export { harmless, harmlessData, inLine } from "./model/harmless";
export type { Stop, StopKind } from "./model/findings";
export type { Failed, Intent, Note, ToldTier } from "./model/outcome";
export { accessDemanded } from "./model/guards";
export { type Configuration, readConfiguration } from "./model/configuration";
export { bindGates, failedGates, type Parameters } from "./model/gates";
export {
  type Gate,
  inOrder,
  isAfter,
  isFirstTier,
  type Readings,
  type Roles,
  type Rollout,
  rolesOf,
  type TierDeclaration,
  tierOf,
  writes,
} from "./model/rollout";
export {
  type Connection,
  describeConnection,
  describeExposure,
  describeUnprotected,
  readConnection,
  requireProtected,
} from "./postgres/connection";
export { TIER_TYPE, type TierInputs } from "./model/tier-inputs";
export type { Project } from "./release/release";
export type { LedgerRow } from "./ledger/ledger";
export type { Monitor } from "./plan/readiness";
export type { Status } from "./plan/status";
export type { Verification } from "./plan/verification";

const access = () => require("./postgres/access") as typeof import("./postgres/access");
const session = () => require("./postgres/session") as typeof import("./postgres/session");
const ledger = () => require("./ledger/ledger") as typeof import("./ledger/ledger");
const release = () => require("./release/manifest") as typeof import("./release/manifest");
const readiness = () => require("./plan/readiness") as typeof import("./plan/readiness");
const status = () => require("./plan/status") as typeof import("./plan/status");
const verification = () => require("./plan/verification") as typeof import("./plan/verification");
const program = () => require("./resource/program") as typeof import("./resource/program");

/** The whole Pulumi program of a rollout: what a project's index.ts exports. */
export const runProgram: typeof import("./resource/program").runProgram = (...args) => program().runProgram(...args);

/** Opens a session on the database that the environment names. */
export const openSession: typeof import("./postgres/session").connect = (...args) => session().connect(...args);

/** Compares who may do what in a session's database with what is declared. */
export const auditAccess: typeof import("./postgres/access").auditAccess = (...args) => access().auditAccess(...args);

export const measureReadiness: typeof import("./plan/readiness").measureReadiness = (...args) =>
  readiness().measureReadiness(...args);
export const readinessLine: typeof import("./plan/readiness").readinessLine = (...args) =>
  readiness().readinessLine(...args);

export const measureStatus: typeof import("./plan/status").measureStatus = (...args) => status().measureStatus(...args);
export const mayGoBack: typeof import("./plan/status").mayGoBack = (...args) => status().mayGoBack(...args);

export const verifyRollout: typeof import("./plan/verification").verifyRollout = (...args) =>
  verification().verifyRollout(...args);

export const askLedger: typeof import("./ledger/ledger").askLedger = (...args) => ledger().askLedger(...args);

/** The digest of the release that is in `root`. */
export const releaseDigest = async (root: string) => (await release().identifyRelease(root, "")).release;
export const isKnownProvider: typeof import("./resource/known-providers").isKnownProvider = (...args) =>
  (require("./resource/known-providers") as typeof import("./resource/known-providers")).isKnownProvider(...args);

/** What kind of failure was thrown. */
export const failureOf: typeof import("./postgres/failed").failureOf = (...args) =>
  (require("./postgres/failed") as typeof import("./postgres/failed")).failureOf(...args);

/** Tells the command that has started this process as what it failed. */
export const noteFailure: typeof import("./resource/outcome").noteFailure = (...args) =>
  (require("./resource/outcome") as typeof import("./resource/outcome")).noteFailure(...args);

/** Writes the manifest of the release that is in `root`; gives its digest. */
export const writeManifest: typeof import("./release/manifest").writeManifest = (...args) =>
  release().writeManifest(...args);
