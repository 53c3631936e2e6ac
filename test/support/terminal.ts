import { spawn } from "node:child_process";
import { Terminal } from "@xterm/headless";
import { atEnd } from "./clean-up";
import { type Result, resultOf, send } from "./processes";

/** How a program at a terminal ended, and what stands there then: its rows, as wide as it is. */
export interface AtTerminal extends Result {
  screen: string[];
}

/** Something to type once the terminal shows what is waited for. */
export interface Typed {
  after: RegExp;
  keys: string;
}

// Escape sequences of a terminal, and the line ends that it makes of ours.
// eslint-disable-next-line no-control-regex
const SEQUENCES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b[()][A-Z0-9]|\r/g;

const [ROWS, COLUMNS] = [40, 100];

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Runs a program at a terminal of its own, 100 columns wide, where a person types; gives what was to be seen, without colours. */
export async function atTerminal(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  typed: readonly Typed[] = [],
): Promise<AtTerminal> {
  const line = `stty rows ${ROWS} cols ${COLUMNS}; exec ${command.map(quoted).join(" ")}`;
  // util-linux, which every Linux has: it gives a terminal to what it starts, and its exit code.
  const child = spawn("script", ["-qefc", line, "/dev/null"], { env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  const pending = [...typed];
  let seen = "";
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString("utf8").replace(SEQUENCES, "");
    const [next] = pending;
    if (!next?.after.test(seen)) return;
    pending.shift();
    seen = "";
    child.stdin.write(next.keys);
  });
  // Who waits at a terminal for a person waits for ever: it hangs up with the test.
  atEnd(() => child.pid !== undefined && child.exitCode === null && send(-child.pid, "SIGKILL"));
  const { code, output } = await resultOf(child);
  return { code, output: output.replace(SEQUENCES, ""), screen: await screenOf(output) };
}

/** What a terminal shows of it in the end, with all that has scrolled out of sight. */
async function screenOf(output: string): Promise<string[]> {
  const terminal = new Terminal({ rows: ROWS, cols: COLUMNS, scrollback: 10_000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  const { active } = terminal.buffer;
  const rows = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? "");
  terminal.dispose();
  return rows.slice(0, rows.findLastIndex((row) => row !== "") + 1);
}
