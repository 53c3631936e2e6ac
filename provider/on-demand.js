/*
 * Keeps the processes of a run from what Pulumi's SDK would do in each of them and what is never needed here: a third of the processor
 * time that a command takes.
 * - It loads npm's own resolver, which lists the packages of a serverless function, and TypeScript, which reads the text of functions:
 *   both wait until somebody uses them.
 * - It registers a compiler that does not cache: tsx loads the program and the pack instead (loader.js).
 * - It notes with each promise where it was made, and reads the source maps of all files on the way to do so.
 *
 * Plain JavaScript, loaded before the SDK where our commands start Pulumi (cli/lifeline.ts), else by loader.js, too late for most of it.
 */
"use strict";

/** @typedef {{ filename?: string | null }} Caller */
/** @typedef {(request: string, caller: Caller | undefined, ...context: unknown[]) => any} Load */

// Node's own, which its types leave out.
const loader = /** @type {{ _load: Load }} */ (/** @type {unknown} */ (require("node:module")));

const WAIT = new Set(["@npmcli/arborist", "typescript"]);

/** The SDK's module that runs the pack, as its caller asks for it. */
const PACK = /[\\/]run-policy-pack[\\/]index\.js$/;

const load = loader._load;

/** @type {Load} */
function loadOnDemand(request, caller, ...context) {
  const loaded = () => load.call(loader, request, caller, ...context);
  // Asked for this mark, the SDK's compiled code would otherwise copy every property, and load it all to do so.
  if (WAIT.has(request)) return new Proxy({}, { get: (_, name) => name === "__esModule" || loaded()[name] });
  if (request === "./run" && PACK.test(caller?.filename ?? "")) return withoutCompiler(loaded());
  return request.endsWith("/debuggable") ? withoutNotes(loaded()) : loaded();
}

/** @param {{ run: (options: object) => unknown }} pack */
function withoutCompiler({ run }) {
  return { run: (/** @type {object} */ options) => run({ ...options, typeScript: false }) };
}

const bare = new WeakSet();

/** @param {{ debuggablePromise?: (...given: unknown[]) => unknown, debugPromiseLeaks: boolean }} promises */
function withoutNotes(promises) {
  const { debuggablePromise: noted, debugPromiseLeaks: wanted } = promises;
  // A module that is asked for while it is being loaded has nothing to give yet.
  if (wanted || !noted || bare.has(promises)) return promises;
  promises.debuggablePromise = (...given) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return noted(...given);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
  bare.add(promises);
  return promises;
}

/** The program's first file is TypeScript before anything of ours is loaded that could read it. */
function loadProgramByTsx() {
  process.env.PULUMI_NODEJS_TYPESCRIPT = "false";
  require.extensions[".ts"] = (module, file) => {
    delete require.extensions[".ts"];
    require("./loader.js");
    require.extensions[".ts"]?.(module, file);
  };
}

loader._load = loadOnDemand;
if (process.env.PULUMI_NODEJS_TYPESCRIPT === "true") loadProgramByTsx();
