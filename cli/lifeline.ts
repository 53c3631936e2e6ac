// The other end of provider/lifeline.js: by it the processes that Pulumi starts for a run learn that the run is interrupted. They also
// learn it by our death, because the system then closes their connection.
import net from "node:net";
import path from "node:path";
import { projectFolder } from "./project";

const preload = (name: string) => `--require=${quoted(path.join(projectFolder, "provider", name))}`;

/** Node's option that keeps all processes of a run from loading what they do not use. */
export const ON_DEMAND = preload("on-demand.js");

export interface Lifeline {
  /** What a program is given so that all Node.js processes below it hold on. */
  env: NodeJS.ProcessEnv;
  /** How many hold on. */
  held(): number;
  /** Tells all, and whoever comes later, that the run is to end. */
  interrupt(): void;
  close(): void;
}

export async function openLifeline(env: NodeJS.ProcessEnv): Promise<Lifeline> {
  const holding = new Set<net.Socket>();
  let interrupted = false;
  // Nothing is taken from whoever connects, and nothing is told but that one word: it does not matter who it is.
  const server = net.createServer((socket) => {
    holding.add(socket);
    socket.on("error", () => undefined).on("close", () => holding.delete(socket));
    if (interrupted) socket.write("interrupted\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  return {
    env: {
      ROLLOUT_LIFELINE: `${port}`,
      NODE_OPTIONS: [env.NODE_OPTIONS, ON_DEMAND, preload("lifeline.js")].join(" ").trim(),
    },
    held: () => holding.size,
    interrupt() {
      interrupted = true;
      for (const socket of holding) socket.write("interrupted\n");
    },
    close() {
      server.close();
      for (const socket of holding) socket.destroy();
    },
  };
}

/** As Node reads a value in NODE_OPTIONS. */
function quoted(file: string): string {
  return `"${file.replace(/["\\]/g, "\\$&")}"`;
}
