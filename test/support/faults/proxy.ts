import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { atEnd } from "../clean-up";
import { applicationOf, describeTrip, endsRoundTrip, isAnswered, type Message, messagesFrom } from "./protocol";

/** Which sessions of the product: those that do its work, one after the other, or those that look on beside them. */
export type Sessions = "work" | "guard";

/**
 * Before anything of a round trip reaches the server; when half of its bytes have; when the server has done all that it was
 * asked and nothing of its answer has reached the client; or when half of that has.
 */
export const MOMENTS = ["unsent", "torn", "unanswered", "half answered"] as const;
export type Moment = (typeof MOMENTS)[number];

/** How the network fails at one round trip. */
export interface NetworkFault {
  /** Whose round trips are counted; those that work if nothing is said. */
  sessions?: Sessions;
  /** Which round trip, counted from 0 since the fault was set. */
  at: number;
  moment: Moment;
  /** The connection breaks; everything goes silent and no side is told; or this connection alone does. */
  kind: "cut" | "silent" | "stuck";
}

/** A TCP proxy in front of PostgreSQL that follows the protocol and fails where it is told to. */
export interface Proxy {
  url: string;
  /** What was asked since the last `watch`, one text a round trip. */
  trips(sessions?: Sessions): readonly string[];
  /** Starts counting anew; with a fault, breaks there once. */
  watch(fault?: NetworkFault): void;
  /** Whether the fault has happened. */
  broken(): boolean;
  /** Breaks every connection now. */
  cut(): void;
  /** New connections work again; those that went silent stay so. */
  heal(): void;
}

/** What all connections through a proxy share. */
interface Network {
  trips: Record<Sessions, string[]>;
  fault: NetworkFault | undefined;
  broken: boolean;
  silent: boolean;
}

/** One connection through a proxy. */
interface Line {
  client: Socket;
  server: Socket;
  /** It was there when the network went silent, and stays silent for good. */
  dead: boolean;
  sessions: Sessions | undefined;
}

/** Listens in front of the server of `url`. */
export async function proxy(url: string): Promise<Proxy> {
  const { hostname, port } = new URL(url);
  const network: Network = { trips: { work: [], guard: [] }, fault: undefined, broken: false, silent: false };
  const lines = new Set<Line>();
  const listener = createServer((client) => {
    const server = connect(Number(port), hostname);
    const line: Line = { client, server, dead: network.silent, sessions: undefined };
    lines.add(line);
    // One side of a line that went silent may be gone long before the other.
    const forget = () => client.destroyed && server.destroyed && lines.delete(line);
    for (const socket of [client, server]) socket.on("close", forget);
    open(network, line);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const line of lines) destroy(line);
  };
  atEnd(() => {
    cut();
    return new Promise<void>((resolve) => listener.close(() => resolve()));
  });
  const own = new URL(url);
  own.port = String((listener.address() as AddressInfo).port);
  return {
    url: own.href,
    trips: (sessions = "work") => network.trips[sessions],
    watch: (fault) => void Object.assign(network, { trips: { work: [], guard: [] }, fault, broken: false }),
    broken: () => network.broken,
    cut,
    heal: () => void (network.silent = false),
  };
}

function destroy({ client, server }: Line): void {
  client.destroy();
  server.destroy();
}

/** Passes on what either side says, round trip by round trip, until the fault is due. */
function open(network: Network, line: Line): void {
  const { client, server } = line;
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
  }
  const isQuiet = () => (line.dead ||= network.silent);
  const fromClient = messagesFrom("client");
  const fromServer = messagesFrom("server");
  let asking: Message[] = [];
  const answer: Message[] = [];
  let breaking: Moment | undefined;

  client.on("data", (chunk: Buffer) => {
    if (isQuiet()) return;
    for (const message of fromClient(chunk)) {
      asking.push(message);
      if (!endsRoundTrip(message)) continue;
      const trip = asking;
      asking = [];
      breaking = nextTrip(network, line, trip);
      send(network, line, trip, breaking);
    }
  });
  server.on("data", (chunk: Buffer) => {
    if (isQuiet()) return;
    const messages = fromServer(chunk);
    if (breaking === undefined) return void client.write(joined(messages));
    // The server has done it all only when it says so.
    answer.push(...messages);
    if (!messages.some(isAnswered)) return;
    if (breaking === "half answered") client.write(firstHalf(answer), () => fail(network, line));
    else fail(network, line);
  });
  client.on("close", () => !isQuiet() && server.destroy());
  server.on("close", () => !isQuiet() && client.destroy());
}

/** Counts a round trip; gives the moment at which the fault is due in it, if it is. */
function nextTrip(network: Network, line: Line, trip: readonly Message[]): Moment | undefined {
  if (trip[0].type === "start") line.sessions = sessionsOf(trip[0]);
  if (!line.sessions) return undefined;
  const trips = network.trips[line.sessions];
  trips.push(describeTrip(trip));
  const { fault, broken } = network;
  const isDue = fault && !broken && (fault.sessions ?? "work") === line.sessions && fault.at === trips.length - 1;
  return isDue ? fault.moment : undefined;
}

function sessionsOf(start: Message): Sessions | undefined {
  const application = applicationOf(start);
  if (!application.startsWith("one-roof rollout")) return undefined;
  return application.endsWith("guard") ? "guard" : "work";
}

function send(network: Network, line: Line, trip: readonly Message[], breaking: Moment | undefined): void {
  const { server } = line;
  const last = () => fail(network, line);
  if (breaking === "unsent") last();
  else if (breaking === "torn") server.write(firstHalf(trip), last);
  // Nobody answers a goodbye.
  else if (breaking && trip[0].type === "X") server.write(joined(trip), last);
  else server.write(joined(trip));
}

function fail(network: Network, line: Line): void {
  network.broken = true;
  if (network.fault?.kind === "silent") network.silent = true;
  else if (network.fault?.kind === "stuck") line.dead = true;
  else destroy(line);
}

function joined(messages: readonly Message[]): Buffer {
  return Buffer.concat(messages.map(({ bytes }) => bytes));
}

function firstHalf(messages: readonly Message[]): Buffer {
  const all = joined(messages);
  return all.subarray(0, Math.floor(all.length / 2));
}
