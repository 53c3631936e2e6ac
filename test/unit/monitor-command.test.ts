import { inOneLine } from "../../cli/monitor/command";
import { inUtc } from "../../cli/monitor/screen";

test("a list in an error becomes one line whose parts are told apart", () => {
  const text = "The configuration of this stack is not usable:\n  - a: wrong. Set it\n  - b: unknown\nRead on.";
  expect(inOneLine(text)).toBe("The configuration of this stack is not usable: a: wrong. Set it; b: unknown Read on.");
});

test.each([
  ["2026-11-29T16:40:31.184528+00:00", "2026-11-29 16:40:31 UTC"],
  ["2026-11-29T02:41:09Z", "2026-11-29 02:41:09 UTC"],
  ["?", "?"],
])("%s is shown as %s", (time, shown) => {
  expect(inUtc(time)).toBe(shown);
});
