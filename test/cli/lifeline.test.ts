import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { temporaryFolder } from "../support/folder";
import { send } from "../support/processes";
import { until } from "../support/until";

/*
 * What Pulumi starts for a run ends with its engine, however that ended, and learns from the command when the run is interrupted. Here both are
 * a server that listens, and the processes do nothing else.
 */

/** How soon the death of an engine must have been noticed, in milliseconds. */
const OUTLIVE_MS = 5_000;

const LIFELINE = path.resolve("provider/lifeline.js");

/** Where the SDK has the script by which a process of this kind starts. */
const scriptOf = (folder: string, kind: string) => path.join(folder, "@pulumi", "pulumi", "cmd", kind, "index.js");

const SCRIPT = `
require(${JSON.stringify(LIFELINE)}).interruption.addEventListener("abort", () => console.log("interrupted"));
setInterval(() => undefined, 1_000);
console.log("ready");`;

const KINDS = ["run", "dynamic-provider", "run-policy-pack"] as const;

let folder: string;
const started: ChildProcess[] = [];
const servers: { close: () => void }[] = [];

beforeAll(() => {
  folder = temporaryFolder();
  for (const kind of KINDS) {
    mkdirSync(path.dirname(scriptOf(folder, kind)), { recursive: true });
    writeFileSync(scriptOf(folder, kind), SCRIPT);
  }
});

afterEach(() => {
  for (const { pid } of started.splice(0)) if (pid !== undefined) send(pid, "SIGKILL");
  for (const server of servers.splice(0)) server.close();
});

/** Something that listens on a port of its own until it is closed, with all who are connected. */
async function listener(): Promise<{ port: number; connected: Set<Socket>; close: () => void }> {
  const connected = new Set<Socket>();
  const server: Server = createServer((socket) => connected.add(socket.on("error", () => undefined)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const close = () => {
    server.close();
    for (const socket of connected) socket.destroy();
  };
  servers.push({ close });
  return { port: (server.address() as AddressInfo).port, connected, close };
}

function follow(program: string, args: readonly string[], command?: number) {
  const env = { ...process.env, ROLLOUT_LIFELINE: command === undefined ? "" : `${command}` };
  const child = spawn(program, args, { env });
  started.push(child);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  return { child, output: () => output, isThere: () => child.exitCode === null && child.signalCode === null };
}

/** A process as Pulumi starts it, which has begun its work. */
async function serving(kind: (typeof KINDS)[number], words: readonly string[], command?: number) {
  const served = follow(process.execPath, ["-r", LIFELINE, scriptOf(folder, kind), ...words], command);
  await once(served.child.stdout, "data");
  return served;
}

test("with the engine ends everything that serves it, and nothing that serves another", async () => {
  const [engine, other] = [await listener(), await listener()];
  const [address, another] = [`127.0.0.1:${engine.port}`, `127.0.0.1:${other.port}`];
  const program = await serving("run", ["127.0.0.1:1", "--engine", address, "."]);
  const provider = await serving("dynamic-provider", [address]);
  const pack = await serving("run-policy-pack", [address, "."]);
  // Language hosts are no processes of Node's: they end because somebody sees for them.
  const host = follow("sh", ["-c", "read -r _; :", "sh", `--engine=${address}`]);
  const stranger = await serving("dynamic-provider", [another]);
  engine.close();
  const own = [program, provider, pack, host];
  await until(() => Promise.resolve(!own.some(({ isThere }) => isThere())), OUTLIVE_MS);
  expect(stranger.isThere()).toBe(true);
});

test.each([
  ["says so", (socket: Socket) => socket.write("interrupted\n")],
  ["dies", (socket: Socket) => socket.destroy()],
])("what is at work is interrupted when the command %s", async (_, happens) => {
  const [engine, command] = [await listener(), await listener()];
  const provider = await serving("dynamic-provider", [`127.0.0.1:${engine.port}`], command.port);
  await until(() => Promise.resolve(command.connected.size > 0), OUTLIVE_MS);
  expect(provider.output()).not.toContain("interrupted");
  for (const socket of command.connected) happens(socket);
  await until(() => Promise.resolve(provider.output().includes("interrupted")), OUTLIVE_MS);
});
