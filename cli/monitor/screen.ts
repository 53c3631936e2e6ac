// Status as one screen: at most 30 lines of at most 100 columns, whatever is found. The whole is one command away.
import { inLine, shortDigest, show } from "../../provider";
import { rollout } from "../../tiers";
import type { Facts, TierFacts } from "./facts";

const WIDTH = 100;

/** How many lines a list may take, so that all of them together fit. */
const LISTED = { start: 3, drift: 2, back: 2 };

export function screenOf(facts: Facts): string {
  return [
    ...head(facts),
    "",
    row("Tier", "applied (UTC)", "by", "release, files"),
    ...facts.tiers.map(tierLine),
    "",
    ...start(facts),
    ...drift(facts),
    ...back(facts),
    ...facts.next.map((step, index) => field(index ? "" : "Next", step)),
  ]
    .map(oneLine)
    .join("\n");
}

/** Much of it was worded by others, and a line that is cut is better than one that breaks the screen. */
export function oneLine(text: string): string {
  const shown = Array.from(inLine(text).trimEnd());
  return shown.length > WIDTH ? `${shown.slice(0, WIDTH - 1).join("")}…` : shown.join("");
}

/** `2026-11-29 16:40:31 UTC`, from ISO 8601 in UTC. */
export function inUtc(time: string): string {
  return time.replace(/^(\S+)T([\d:]+)(?:\.\d+)?(?:Z|\+00:00)$/, "$1 $2 UTC");
}

export function field(name: string, text: string): string {
  return name.padEnd(10) + text;
}

function head({ target, release, request, approval, atWork, ...facts }: Facts): string[] {
  const { inForce } = approval;
  return [
    ...describeTarget(target),
    field("Release", describeRelease(release, target.stack)),
    field("Request", request ?? "none is named: npm run pulumi -- config set ratifiedApr APR-…"),
    ...(approval.demanded
      ? [
          field(
            "Approval",
            inForce
              ? `release ${shortDigest(inForce.release)} under ${inForce.request}, by ${inForce.approvedBy}, until ${inUtc(inForce.validUntil)}`
              : "none is in force",
          ),
        ]
      : []),
    field("Stands", describeStanding(facts)),
    ...(atWork === null ? [] : [field("At work", atWork)]),
  ];
}

function describeTarget({ connection, system }: Facts["target"]): string[] {
  const whole = field("Target", `${connection}, cluster ${system}`);
  return whole.length > WIDTH ? [field("Target", connection), field("", `cluster ${system}`)] : [whole];
}

function describeRelease({ here, pinned, differing }: Facts["release"], stack: string): string {
  const short = shortDigest(here);
  if (pinned === null) return `${short} is here, stack ${stack} pins none`;
  if (pinned === here) return `${short} is here, and pinned as ratified`;
  const files = differing.length ? `; other: ${differing.join(", ")}` : "";
  return `${short} is here, but ${shortDigest(pinned)} is pinned as ratified${files}`;
}

function describeStanding({
  stands,
  start: { next },
  rollout: id,
  ledger,
}: Pick<Facts, "stands" | "start" | "rollout" | "ledger">): string {
  if (!stands.length) return id === null ? "nothing" : `nothing, but the ledger knows rollout ${id}`;
  const what = next === null ? "ROLLED OUT" : "PARTLY ROLLED OUT";
  const whose =
    id === null ? (ledger === "none" ? "by psql, without a ledger" : "its ledger cannot be believed") : `rollout ${id}`;
  return `${what}, tiers ${stands.join(", ")}: ${whose}`;
}

function row(tier: string, at: string, by: string, release: string): string {
  return `${tier.padEnd(24)}${at.padEnd(21)}${by.padEnd(17)}${release}`;
}

function tierLine({ tier, title, writes, stands, applied, drift: differences }: TierFacts): string {
  const name = `${tier} ${title}`;
  if (!writes) return row(name, "reads only", "", "");
  const gone = applied !== null && !stands ? ", not there" : "";
  if (!applied) return row(name, stands ? "stands, no row" : "-", "", "");
  const drifted = differences.length ? `, DRIFT ${differences.length}` : gone;
  const { at, by, release, digest, asHere } = applied;
  const origin = release === null ? `digest ${shortDigest(digest)}` : shortDigest(release);
  const time = at.replace("T", " ").replace("Z", "");
  return row(
    name,
    time,
    by.length > 16 ? `${by.slice(0, 15)}…` : by,
    `${origin}, ${asHere ? "as here" : "OTHER HERE"}${drifted}`,
  );
}

function start({ start: { verdict, next, blockers } }: Facts): string[] {
  if (verdict === "ROLLED OUT") return [field("Start", "nothing is left to start")];
  const what = next === null ? "" : `tier ${next} `;
  if (verdict === "READY") return [field("Start", `${what}could start now`)];
  const lines = blockers.map(({ gate, expected, measured, token, told }) => {
    const more = told === undefined ? "" : ` (${told})`;
    return isGate(gate) ? `${gate}: expected ${expected}, measured ${show(measured)}${more}` : `${gate}: ${token}`;
  });
  return [field("Start", `REFUSED now, by ${blockers.length}:`), ...few(lines, LISTED.start, "npm run gate -- --json")];
}

/** Whatever else refuses has words of its own. */
function isGate(name: string): boolean {
  return rollout.tiers.some(({ gates }) => gates.some((gate) => gate.name === name));
}

function drift({ tiers }: Facts): string[] {
  if (!tiers.some(({ applied }) => applied)) return [];
  const lines = tiers.flatMap(({ tier, drift: differences }) => differences.map((text) => `tier ${tier}: ${text}`));
  if (!lines.length) return [field("Drift", "none: what the ledger knows is as it was applied")];
  const first = tiers.find(({ drift: differences }) => differences.length)?.tier ?? 0;
  return [field("Drift", `${lines.length} found:`), ...few(lines, LISTED.drift, `npm run status -- --tier ${first}`)];
}

function back({ back: { could, tiers }, approval }: Facts): string[] {
  if (!tiers.length) return [];
  const once = approval.demanded && !approval.inForce ? ", once an approver allows it" : "";
  if (could) return [field("Back", `could go back now${once}`)];
  const lines = tiers.flatMap(({ tier, dependents, dataLoss, isOther, unknown }) =>
    [
      ...dependents,
      ...dataLoss,
      ...(isOther ? ["its recorded rollback is not the one that is here"] : []),
      ...(unknown === undefined ? [] : [`this login cannot tell: ${unknown}`]),
    ].map((text) => `tier ${tier}: ${text}`),
  );
  const first = tiers.find(({ tier }) => lines[0]?.startsWith(`tier ${tier}:`))?.tier ?? 0;
  return [
    field("Back", `REFUSED now, by ${lines.length}:`),
    ...few(lines, LISTED.back, `npm run status -- --tier ${first}`),
  ];
}

function few(lines: readonly string[], limit: number, where: string): string[] {
  const shown = lines.length > limit ? lines.slice(0, limit - 1) : lines;
  const more = lines.length - shown.length;
  return [...shown, ...(more ? [`and ${more} more: ${where}`] : [])].map((line) => field("", line));
}
