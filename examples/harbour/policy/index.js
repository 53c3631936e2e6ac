// Starts the pack without the SDK's own TypeScript compiler: 0.9 s instead of 2.5 s a command.
"use strict";

// @ts-expect-error This entry of tsx has no types: it only registers the loader.
require("tsx/cjs");
require("./pack");
