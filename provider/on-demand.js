/*
 * Has Pulumi's SDK load npm's own resolver when it uses it, which is never here: it lists the packages of a serverless function.
 * Each process of a run would load its hundreds of modules, a sixth of the processor time that a command takes.
 *
 * Plain JavaScript, loaded before the SDK where our commands start Pulumi (cli/lifeline.ts), else by loader.js.
 */
"use strict";

/** @typedef {(request: string, ...context: unknown[]) => any} Load */

// Node's own, which its types leave out.
const loader = /** @type {{ _load: Load }} */ (/** @type {unknown} */ (require("node:module")));

const RESOLVER = "@npmcli/arborist";

const load = loader._load;

/** @type {Load} */
function loadOnDemand(request, ...context) {
  const loaded = () => load.call(loader, request, ...context);
  // Asked for this mark, the SDK's compiled code would otherwise copy every property, and load it all to do so.
  return request === RESOLVER ? new Proxy({}, { get: (_, name) => name === "__esModule" || loaded()[name] }) : loaded();
}

loader._load = loadOnDemand;
