import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { atEnd } from "../clean-up";

/** How the network fails at one round trip of the watched session. */
export interface NetworkFault {
  /** Which round trip, counted from 0 since the fault was set. */
  at: number;
  /** Before the query reaches the server, or when its answer was about to reach the client. */
  moment: "before" | "answered";
  /** The connection breaks, or everything goes silent and no side is told. */
  kind: "cut" | "silent";
}

/** A TCP proxy in front of PostgreSQL that follows the protocol and fails where it is told to. */
export interface Proxy {
  url: string;
  /** The queries of the watched session since the last `watch`, one a round trip. */
  trips(): readonly string[];
  /** Starts counting anew; with a fault, breaks there once. */
  watch(fault?: NetworkFault): void;
  /** Whether the fault has happened. */
  broken(): boolean;
  /** Breaks every connection now. */
  cut(): void;
  /** New connections work again; those that went silent stay so. */
  heal(): void;
}

/** Length of a message's type byte, and of its length field. */
const TYPE = 1;
const LENGTH = 4;

/** Listens in front of the server of `url`; counts the queries of the session whose application name is `watched`. */
export async function proxy(url: string, watched = "one-roof rollout"): Promise<Proxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let trips: string[] = [];
  let fault: NetworkFault | undefined;
  let broken = false;
  let silent = false;

  const due = (moment: NetworkFault["moment"]) => fault?.moment === moment && !broken && trips.length - 1 === fault.at;
  const fail = (client: Socket, server: Socket) => {
    broken = true;
    if (fault?.kind === "silent") silent = true;
    else for (const socket of [client, server]) socket.destroy();
  };
  const server: Server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const reader = messageReader((text) => void trips.push(text), watched);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    // A connection that was there when the network went silent stays silent for good.
    let dead = false;
    const quiet = () => (dead ||= silent);
    client.on("data", (chunk: Buffer) => {
      if (quiet()) return;
      const own = reader(chunk);
      if (own && due("before")) fail(client, upstream);
      if (!quiet()) upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (quiet()) return;
      if (reader.watched() && due("answered")) fail(client, upstream);
      if (!quiet()) client.write(chunk);
    });
    client.on("close", () => !quiet() && upstream.destroy());
    upstream.on("close", () => !quiet() && client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  atEnd(() => {
    cut();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const own = new URL(url);
  own.port = String((server.address() as AddressInfo).port);
  return {
    url: own.href,
    trips: () => trips,
    watch: (next) => {
      trips = [];
      fault = next;
      broken = false;
    },
    broken: () => broken,
    cut,
    heal: () => void (silent = false),
  };
}

interface MessageReader {
  /** Reads on; true if this chunk ended a round trip of the watched session. */
  (chunk: Buffer): boolean;
  watched(): boolean;
}

/** Follows the frontend protocol of one connection: a query ends with a simple Query or a Sync message. */
function messageReader(onTrip: (text: string) => void, application: string): MessageReader {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  let watched = false;
  let parsed = "";
  const read = (chunk: Buffer): boolean => {
    rest = Buffer.concat([rest, chunk]);
    let ended = false;
    for (;;) {
      const head = started ? TYPE : 0;
      if (rest.length < head + LENGTH) return ended;
      const size = head + rest.readInt32BE(head);
      if (rest.length < size) return ended;
      const body = rest.subarray(head + LENGTH, size).toString("utf8");
      const type = started ? String.fromCharCode(rest[0]) : "start";
      rest = rest.subarray(size);
      if (type === "start") [started, watched] = [true, body.split("\0").includes(application)];
      if (type === "P") parsed = body.split("\0")[1];
      if (!watched || (type !== "Q" && type !== "S")) continue;
      onTrip(type === "Q" ? body.split("\0")[0] : parsed);
      ended = true;
    }
  };
  return Object.assign(read, { watched: () => watched });
}
