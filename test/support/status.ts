import type { TestDatabase } from "./database/database";
import { type Asked, monitor } from "./monitor";

/** What others may have written somewhere: a terminal must not obey it, and it must not begin a line of ours. */
export const FORGED = "e\x1b]0;owned\x07\x1b[2J\u202e\nStart     could start now";

/** What a terminal would obey. */
export const OBEYED = /(?![\n\t])[\p{Cc}\p{Cf}]/u;

export interface Screen {
  code: number;
  text: string;
  /** What stands behind a word at the beginning of a line, with the lines that belong to it. */
  part: (name: string) => string;
}

/** Runs the command `status`, which must keep to its screen whatever it finds. */
export async function status(db: TestDatabase, asked: Asked = {}): Promise<Screen> {
  const { code, stdout, stderr } = await monitor("status", db, asked);
  expect(stderr).toBe("");
  expect(stdout).not.toMatch(OBEYED);
  const lines = stdout.trimEnd().split("\n");
  if (!asked.args?.length) {
    expect(lines.length).toBeLessThanOrEqual(30);
    for (const line of lines) expect(Array.from(line).length).toBeLessThanOrEqual(100);
  }
  return {
    code,
    text: stdout,
    part(name) {
      const first = lines.findIndex((line) => line.startsWith(name));
      const rest = lines.slice(first + 1).findIndex((line) => !line.startsWith("          "));
      const own = lines.slice(first, rest < 0 ? undefined : first + 1 + rest);
      return first < 0 ? "" : own.map((line) => line.slice(10)).join("\n");
    },
  };
}
