import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, send } from "../support/processes";
import { until } from "../support/until";

/*
 * What a command runs in its foreground, Pulumi as a rule, does not outlive it, whoever ends it: any program will do to see that.
 */

/** For how long something may outlive what has started it, in milliseconds. */
const OUTLIVE_MS = 5_000;
const LOOK_MS = 100;

const COMMAND = `require("./cli/process").runInForeground("sh", ["-c", process.env.PROGRAM], process.env)
  .then(({ code }) => process.exit(code))`;

const looping = (trap: string) => `trap '${trap}' INT; echo ready $$; while :; do sleep 0.1; done`;
const LISTENING = looping("echo asked; exit");
const DEAF = looping("");

/** Learns by its line to the command that it is to end, and takes no signal. */
const HOLDING = `exec node -e '
  process.on("SIGINT", () => undefined);
  const line = require("node:net").connect(process.env.ROLLOUT_LIFELINE);
  line.on("connect", () => console.log("ready " + process.pid));
  line.on("data", (told) => { console.log("told " + told); process.exit(7); });'`;

interface Running {
  readonly starter: ChildProcess;
  readonly command: number;
  readonly program: number;
  /** What was said, once nobody is left who could say more. */
  readonly output: () => Promise<string>;
}

const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) send(pid, "SIGKILL");
});

/** Starts a command with a program in its foreground, by a shell that npm could be; `isNpm` says that it is. */
async function start(program: string, { isNpm = false } = {}): Promise<Running> {
  const env = { ...process.env, PROGRAM: program, npm_lifecycle_event: isNpm ? "up" : "" };
  const words = [process.execPath, "-r", "./provider/loader.js", "-e", COMMAND, "main.js", "up"];
  const starter = spawn("sh", ["-c", '"$@" & echo command $!; wait', "sh", ...words], { env });
  const closed = once(starter, "close");
  let output = "";
  for (const stream of [starter.stdout, starter.stderr])
    stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  const pidOf = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(output)?.[1]);
  await until(() => Promise.resolve(pidOf("ready") > 0), 20_000);
  const [command, own] = [pidOf("command"), pidOf("ready")];
  started.push(own, command, Number(starter.pid));
  await until(() => Promise.resolve(isGuarded(own)), 20_000, LOOK_MS);
  return { starter, command, program: own, output: () => closed.then(() => output) };
}

/** Whoever is to end the program should the command be killed is there. */
function isGuarded(program: number): boolean {
  const { stdout } = spawnSync("ps", ["-A", "-o", "args="], { encoding: "utf8" });
  return stdout.split("\n").some((words) => words.includes("read -r over") && words.endsWith(` sh ${program}`));
}

const ends = ({ command, program }: Running) =>
  until(() => Promise.resolve(!isAlive(command) && !isAlive(program)), OUTLIVE_MS, LOOK_MS);

test("a command that is killed has its program asked to end", async () => {
  const running = await start(LISTENING);
  send(running.command, "SIGKILL");
  await ends(running);
  expect(await running.output()).toContain("asked");
});

test("a command that is killed has a program killed that does not listen", async () => {
  const running = await start(DEAF);
  send(running.command, "SIGKILL");
  await ends(running);
});

test("a second Ctrl-C ends a program at once that does not listen", async () => {
  const running = await start(DEAF);
  send(running.command, "SIGINT");
  await sleep(300);
  expect(isAlive(running.program)).toBe(true);
  send(running.command, "SIGINT");
  await ends(running);
});

test("a Ctrl-C that npm passes on is none of its own", async () => {
  const running = await start(LISTENING);
  send(running.command, "SIGINT");
  send(running.command, "SIGINT");
  await ends(running);
  expect((await running.output()).match(/asked/g)).toHaveLength(1);
});

test("the death of npm ends a command and its program", async () => {
  const running = await start(DEAF, { isNpm: true });
  send(Number(running.starter.pid), "SIGKILL");
  await ends(running);
});

test("a shell that ends before its command does not end it", async () => {
  const running = await start(LISTENING);
  send(Number(running.starter.pid), "SIGKILL");
  await sleep(1_200);
  expect(isAlive(running.command) && isAlive(running.program)).toBe(true);
});

test("what holds the line is told of a Ctrl-C, and asked by a signal only later", async () => {
  const running = await start(HOLDING);
  send(running.command, "SIGINT");
  await ends(running);
  expect(await running.output()).toContain("told interrupted");
});
