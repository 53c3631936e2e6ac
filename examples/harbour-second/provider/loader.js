// As entry.ts beside it: a stack's state loads this path, and it leads to the provider's own.
"use strict";

require("../../../provider/loader.js");
