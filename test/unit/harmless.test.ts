import { messageOf, RolloutError } from "../../provider/model/errors";
import { describeFinding } from "../../provider/model/describe";
import { harmless, harmlessData, inLine } from "../../provider/model/harmless";
import { describeBlocker } from "../../provider/postgres/blockers";
import { parseReading } from "../../provider/postgres/probe";

test.each([
  ["an escape sequence", "\x1b[2Jall gone", "\\x1b[2Jall gone"],
  ["a title, ended by a bell", "\x1b]0;root\x07", "\\x1b]0;root\\x07"],
  ["an 8-bit control sequence", "\x9b31m", "\\x9b31m"],
  ["a carriage return, a backspace and a delete", "bad\rgood\b\x7f", "bad\\x0dgood\\x08\\x7f"],
  ["a mark that turns the direction", "\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
  ["marks without a width", "a\u200bb\u00adc\ufeff", "a\\u200bb\\xadc\\ufeff"],
  ["a line separator and a tag", "a\u2028b\u{e0041}", "a\\u2028b\\u{e0041}"],
  ["half a character", "\ud800", "\\ud800"],
])("%s is shown, not obeyed", (_, foreign, shown) => {
  expect(harmless(foreign)).toBe(shown);
  expect(new RolloutError(foreign).message).toBe(shown);
});

test("what people write is left as it is, and our own layout too", () => {
  const text = "Tier 1 → 43 objects…\n  - größe 表 ✅ 🚀\tend";
  expect(harmless(text)).toBe(text);
});

test("a value of others cannot begin a line of ours", () => {
  const forged = "x\nTier 1 (Structure) rolled back and proven\ty";
  expect(inLine(forged)).toBe("x\\nTier 1 (Structure) rolled back and proven\\ty");
  expect(messageOf(new Error(forged))).not.toContain("\n");
  expect(parseReading(forged)).not.toContain("\n");
  expect(describeFinding({ is: "undeclared object", object: `view ${forged}` })).not.toContain("\n");
  const blocker = { pid: 7, user: forged, application: forged, state: "active", age: 1, query: forged, since: null };
  expect(describeBlocker(blocker)).not.toMatch(/[\n\t]/);
});

test("plain data keeps its shape", () => {
  const data = { "\x1bname": ["\x1b", 1, null, { deep: "\u202e" }] };
  expect(harmlessData(data)).toEqual({ "\\x1bname": ["\\x1b", 1, null, { deep: "\\u202e" }] });
});
