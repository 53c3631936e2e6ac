// What came of a run whose preview a person has just read: what came as it was shown in one line, anything else whole.
import { describeTiers, type ToldTier } from "../../provider";

/** The lines of it; none where no tier came to its end. */
export function summarize(previewed: readonly ToldTier[], done: readonly ToldTier[]): string[] {
  const rehearsed = new Map(previewed.map((told) => [told.tier, lineOf(told)]));
  const applied = done.filter(({ is }) => is === "applied");
  const isAsShown = (told: ToldTier) => rehearsed.get(told.tier) === lineOf(told);
  const same = applied.filter(isAsShown).map(({ tier }) => tier);
  const back = done.flatMap((told) => (told.is === "rolled back" ? [told] : []));
  const files = [...new Set(back.map(({ evidence }) => evidence))];
  return [
    ...applied.filter((told) => !isAsShown(told)).map((told) => `Not as in the preview: ${lineOf(told)}`),
    ...(same.length ? [`Applied, each as in the preview: ${describeTiers(same)}`] : []),
    ...(back.length ? [`Rolled back and proven: ${describeTiers(back.map(({ tier }) => tier))}`] : []),
    ...files.map((file) => `Evidence: ${file}`),
  ];
}

function lineOf(told: ToldTier): string {
  return told.is === "rolled back" ? "" : told.line;
}
