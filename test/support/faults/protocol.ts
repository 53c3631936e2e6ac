/** Length of a message's type byte, and of its length field. */
const TYPE = 1;
const LENGTH = 4;

/** One message of PostgreSQL's protocol. The first of a client has no type: it is called `start`. */
export interface Message {
  type: string;
  body: string;
  bytes: Buffer;
}

/** Cuts what comes from one side of a connection into messages; gives those that have arrived whole. */
export function messagesFrom(side: "client" | "server"): (chunk: Buffer) => Message[] {
  let rest: Buffer = Buffer.alloc(0);
  let typed = side === "server";
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const messages: Message[] = [];
    for (;;) {
      const head = typed ? TYPE : 0;
      if (rest.length < head + LENGTH) return messages;
      const size = head + rest.readInt32BE(head);
      if (rest.length < size) return messages;
      const bytes = rest.subarray(0, size);
      const type = typed ? String.fromCharCode(bytes[0]) : "start";
      messages.push({ type, body: bytes.subarray(head + LENGTH).toString("utf8"), bytes });
      rest = rest.subarray(size);
      typed = true;
    }
  };
}

/** What begins a session, runs a query in either form of the protocol, or says goodbye: the server has to act on it. */
export function endsRoundTrip({ type }: Message): boolean {
  return ["start", "Q", "S", "X"].includes(type);
}

/** ReadyForQuery: the server has done all that it was asked. */
export function isAnswered({ type }: Message): boolean {
  return type === "Z";
}

/** What a round trip asks, in words: the text of its query, or what begins or ends a session. */
export function describeTrip(messages: readonly Message[]): string {
  const [{ type, body }] = messages;
  if (type === "start") return "(connect)";
  if (type === "X") return "(goodbye)";
  return type === "Q" ? body.split("\0")[0] : textOf(messages);
}

function textOf(messages: readonly Message[]): string {
  const parse = messages.find(({ type }) => type === "P");
  return parse ? parse.body.split("\0")[1] : "(prepared)";
}

/** The application that a session's first message names. */
export function applicationOf({ body }: Message): string {
  const words = body.split("\0");
  return words[words.indexOf("application_name") + 1] ?? "";
}
