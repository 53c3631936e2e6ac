import { fold, diagnostic } from "../../provider/model/fold";

const ACCEPT = "npm run pulumi -- config set access optional";

test.each([
  ["short", ["short"]],
  [`${"word ".repeat(18)}more\nnext`, ["word ".repeat(18).trim(), "more", "next"]],
  [`see ${"x".repeat(100)} there`, ["see", "x".repeat(100), "there"]],
  [`  - ${"word ".repeat(20)}`.trimEnd(), [`  - ${"word ".repeat(17)}`.trimEnd(), "    word word word"]],
  [
    `Pin it:\nnpm run pulumi -- config set release ${"f".repeat(64)}`,
    ["Pin it:", `npm run pulumi -- config set release ${"f".repeat(64)}`],
  ],
  [`${"word ".repeat(12)}${ACCEPT}. More`, ["word ".repeat(12).trim(), `${ACCEPT}. More`]],
  [`${"word ".repeat(14)}npm run up; npm run gate`, [`${"word ".repeat(14)}npm run up;`, "npm run gate"]],
])("%j is broken between words, a command nowhere", (text, lines) => {
  expect(fold(text, 90).split("\n")).toEqual(lines);
});

test("nothing is left in a diagnostic that a terminal obeys", () => {
  expect(diagnostic("a\u001b[2Jb\nc", "info")).toBe("a\\x1b[2Jb\nc");
});

test("the first line of an error has the room that its name leaves; without a terminal nothing is broken", () => {
  const text = "word ".repeat(60).trim();
  expect(diagnostic(text, "error")).toBe(text);
  process.env.ROLLOUT_COLUMNS = "100";
  try {
    const [first = "", second = ""] = diagnostic(text, "error").split("\n");
    expect([first.length, second.length]).toEqual([89, 94]);
  } finally {
    delete process.env.ROLLOUT_COLUMNS;
  }
});
