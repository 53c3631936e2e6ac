// Starts the pack without the SDK's own TypeScript compiler: 0.9 s instead of 2.5 s a command.
"use strict";

require("../provider/loader.js");
require("./pack");
