import type { ApprovalInForce } from "../model/access";
import { PULUMI } from "../model/command";
import type { RunRequest } from "../model/configuration";
import { describeAccess } from "../model/describe";
import { describeTiers, shortDigest } from "../model/describe-ledger";
import { mayGoUnpinned } from "../model/guards";
import { firstSentence } from "../model/errors";
import { inLine } from "../model/harmless";
import type { Reading } from "../model/rollout";
import type { ReleaseIdentity } from "../model/tier-inputs";
import { acceptance } from "../ledger/acceptance";
import type { AccessAudit } from "../postgres/access";
import { driftedTiers, editedTiers, type Standing } from "./standing";

/** What keeps the rollout from starting or going on: a stop gate, or what the plan of a run would refuse beside its gates. */
export interface Blocker {
  readonly gate: string;
  /** Operator and wanted value, such as `= 210`. */
  readonly expected: string;
  /** Null when the reading could not be taken. */
  readonly measured: Reading;
  readonly meaning: string;
  readonly remedy: string;
  /** The blocker as the verdict line says it, such as `gap<>210`. */
  readonly token: string;
  /** What the probe tells beside the value: whom a number counts, now. */
  readonly told?: string;
}

/** What is known beside the gates. */
export interface Known {
  readonly standing: Standing;
  readonly identity: ReleaseIdentity;
  readonly audit?: AccessAudit;
}

/** What the stack demands. */
export interface Demands {
  readonly stack: string;
  readonly access: RunRequest["access"];
  /** The request that an approval has to name. */
  readonly request: string;
  /** Whether an approval has to be in force; where the command gives it by itself, none is missed. */
  readonly approval: boolean;
}

/** Everything beside the stop gates for which the plan of a run would refuse it. */
export function findRefusals({ standing, identity, audit }: Known, demands: Demands): Blocker[] {
  return [
    ...releaseBlockers(identity, demands),
    ...ledgerBlockers(standing),
    ...driftBlockers(standing),
    ...editBlockers(standing),
    ...(audit ? accessBlockers(audit, demands) : []),
    ...(audit && standing.next ? approvalBlockers(audit, identity, demands) : []),
  ];
}

function releaseBlockers({ release, pinned, differing }: ReleaseIdentity, { stack }: Demands): Blocker[] {
  if (pinned ? pinned === release : mayGoUnpinned(stack)) return [];
  const here = shortDigest(release);
  const files = differing.length ? ` Files that differ: ${differing.join(", ")}.` : "";
  const pin = `${PULUMI} config set release ${release}`;
  return [
    {
      gate: "release",
      expected: pinned ? `= ${pinned}` : "= the ratified release",
      measured: release,
      meaning: "What is rolled out is the release that was ratified.",
      remedy: pinned
        ? `Check out the ratified release, or have this one ratified and pin it: ${pin}.${files}`
        : `Have the release that is here ratified, then pin it: ${pin}.`,
      token: pinned
        ? `the files here are ${here}, ratified is ${shortDigest(pinned)}`
        : `the files here are ${here}, none is pinned as ratified`,
    },
  ];
}

/** A rollout by psql has no ledger: psql goes on with it, Pulumi takes it over when it is whole. */
function ledgerBlockers({ contradiction, ledger, tiers, next }: Standing): Blocker[] {
  const byPsql = !ledger.size && tiers.length > 0 && next !== undefined;
  if (contradiction === undefined && !byPsql) return [];
  return [
    {
      gate: "ledger",
      expected: "= what stands",
      measured: contradiction === undefined ? "none" : null,
      meaning: "The ledger holds every tier that stands, as it was applied.",
      remedy: contradiction ?? "Go on by psql, or take it back by psql: sql/prod_rollback/per_tier_rollback.sql.",
      token:
        contradiction === undefined
          ? "there is none, so psql has to go on with it"
          : inLine(firstSentence(contradiction)),
    },
  ];
}

function driftBlockers(standing: Standing): Blocker[] {
  const drifted = driftedTiers(standing);
  if (!drifted.length) return [];
  const accept = drifted.map(([tier, differences]) => acceptance(tier, differences)).join(",");
  const lowest = drifted[0]?.[0] ?? 0;
  return [
    {
      gate: "drift",
      expected: "= none",
      measured: drifted.reduce((sum, [, differences]) => sum + differences.length, 0),
      meaning: "What earlier tiers wrote is still as they wrote it, or its change is accepted by its hash.",
      remedy:
        `See npm run status -- --tier ${lowest}. Roll back to the tier below it and up again, or accept it as it is: ` +
        `ROLLOUT_ACCEPT=${accept}`,
      token: drifted
        .map(([tier, { length }]) => `tier ${tier} (${length} ${length === 1 ? "difference" : "differences"})`)
        .join(", "),
    },
  ];
}

function editBlockers(standing: Standing): Blocker[] {
  const edited = editedTiers(standing);
  if (!edited.length) return [];
  const tiers = describeTiers(edited);
  return [
    {
      gate: "edited",
      expected: "= none",
      measured: edited.join(","),
      meaning: "An applied tier is not edited: its files and parameters are those that it was applied with.",
      remedy:
        `Restore the files that were applied, or roll back to the tier below and roll out again; ${PULUMI} preview ` +
        "shows the difference.",
      token: `${tiers} ${edited.length === 1 ? "was" : "were"} applied with other files or parameters`,
    },
  ];
}

function accessBlockers({ absent, findings }: AccessAudit, { access }: Demands): Blocker[] {
  const differences = absent === undefined ? findings.map(describeAccess) : access === "required" ? [absent] : [];
  const [first, ...others] = differences;
  if (first === undefined) return [];
  const more = others.length;
  return [
    {
      gate: "access",
      expected: "= as declared",
      measured: more + 1,
      meaning: "Nobody may do more than the roles' declaration says.",
      remedy: "See npm run access -- audit, and have what it lists granted or revoked.",
      token: more ? `${first}, and ${more} more` : first,
    },
  ];
}

function approvalBlockers({ absent, inForce }: AccessAudit, { release }: ReleaseIdentity, demands: Demands): Blocker[] {
  const { approval, request } = demands;
  if (!approval || absent !== undefined) return [];
  if (inForce?.release === release && inForce.request === request) return [];
  return [
    {
      gate: "approval",
      expected: `= release ${release} under ${request}`,
      measured: inForce ? describeApproval(inForce) : "none",
      meaning: "An approver allows this release under this request, for a time.",
      remedy: `Ask an approver: npm run access -- approve --release ${release} --request ${request} --for 2h`,
      token: inForce
        ? `the one in force is of ${describeApproval({ ...inForce, release: shortDigest(inForce.release) })}`
        : `none is in force for release ${shortDigest(release)} under ${inLine(request) || "a request that is not named"}`,
    },
  ];
}

function describeApproval({ release, request, approvedBy }: ApprovalInForce): string {
  return inLine(`release ${release} under ${request}, given by ${approvedBy}`);
}
