// The whole of one tier, for whoever asks for it: what the ledger keeps, and what is measured now.
import { inLine, show } from "../../provider";
import type { AppliedFacts, Detail, GateFacts } from "./facts";
import { field, inUtc } from "./screen";

export function describeDetail(detail: Detail): string {
  const { tier, title, applied, files, declared, measured, rollback } = detail;
  return [
    `Tier ${tier} ${title}`,
    ...(applied ? describeApplied(applied) : [field("applied", notApplied(detail))]),
    field("files", [files.apply, files.rollback].filter(Boolean).join(", back by ")),
    field("declared", declared),
    ...(measured === null ? [] : [field("measured", measured)]),
    ...(rollback === null ? [] : [field("rollback", describeRollback(rollback))]),
    ...(applied ? [...locks(detail), ...signatures(detail)] : []),
    ...gates("entry", detail),
    ...gates("exit", detail),
    ...(applied ? [...drift(detail), ...back(detail)] : []),
  ]
    .map((line) => inLine(line).trimEnd())
    .join("\n");
}

function notApplied({ writes, stands }: Detail): string {
  if (!writes) return "reads only, so the ledger has no row of it; npm run verify measures what a rollout ends on";
  return stands ? "it stands, but the ledger has no row of it" : "no";
}

function describeApplied({
  at,
  by,
  rolloutId,
  position,
  hash,
  digest,
  asHere,
  release,
  request,
}: AppliedFacts): string[] {
  return [
    field("applied", `${inUtc(at)} by ${by}, rollout ${rolloutId}`),
    field("ledger", `row ${position}, hash ${hash}`),
    field("release", release === null ? "not kept: no approval was in force" : `${release} under ${request ?? "?"}`),
    field("digest", `${digest}, ${asHere ? "as the files here" : "OTHER than the files here"}`),
  ];
}

function describeRollback(verdict: NonNullable<Detail["rollback"]>): string {
  return verdict === "exact"
    ? "rehearsed on this target before it was applied: exact, it left what it found"
    : `${verdict} before it was applied`;
}

function locks({ locks: held }: Detail): string[] {
  if (held === null) return [field("locks", "not kept in this row")];
  if (!held.length) return [field("locks", "no strong lock on a table of others")];
  return held.map(({ table, mode, milliseconds }, index) =>
    field(index ? "" : "locks", `${table}, ${mode}, ${milliseconds} ms until its COMMIT`),
  );
}

function signatures({ signatures: signed }: Detail): string[] {
  if (signed === null) return [field("signed", "not kept in this row")];
  if (!signed.length) return [field("signed", "nothing was kept")];
  return signed.flatMap(({ source, key, signer, decision, signedAt, digest }, index) => [
    field(
      index ? "" : "signed",
      `${source} ${key ?? "?"}: ${signer ?? "?"}, ${decision ?? "?"}, ${inUtc(signedAt ?? "?")}`,
    ),
    field("", `  digest ${digest}`),
  ]);
}

function gates(at: GateFacts["at"], { gates: all, applied }: Detail): string[] {
  const own = all.filter((gate) => gate.at === at);
  if (!own.length) return [];
  const name = Math.max(...own.map((gate) => gate.name.length));
  const condition = Math.max(...own.map(({ operator, expected }) => `${operator} ${expected}`.length));
  const known = applied !== null || own.some(({ measured }) => measured !== null);
  return [
    `gates at ${at}${known ? ", as measured when it was applied" : ""}`,
    ...own.map((gate) => {
      const expected = `${gate.operator} ${gate.expected}`;
      return `  ${gate.name.padEnd(name)}  ${expected.padEnd(condition)}  ${known ? show(gate.measured) : ""}`;
    }),
  ];
}

function drift({ drift: differences }: Detail): string[] {
  if (!differences.length) return [field("drift", "none")];
  return differences.map((text, index) => field(index ? "" : "drift", text));
}

function back({ back: way }: Detail): string[] {
  if (!way) return [];
  const { dependents, dataLoss, accept, isOther, unknown } = way;
  const lines = [
    ...dependents.map((text) => `refused: ${text}`),
    ...dataLoss.map((text) => `would be lost: ${text}`),
    ...(accept === undefined ? [] : [`that loss is accepted by ROLLOUT_ACCEPT=${accept}`]),
    ...(isOther ? ["its recorded rollback is not the one that is here: npm run destroy shows the difference"] : []),
    ...(unknown === undefined ? [] : [`this login cannot tell: ${unknown}`]),
  ];
  return (lines.length ? lines : ["nothing stands against it"]).map((text, index) => field(index ? "" : "back", text));
}
