import eslint from "@eslint/js";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

const FOUNDATION = ["provider/model", "provider/postgres", "provider/release", "provider/context.ts"];
const COMMAND_GROUND = [
  "cli/console.ts",
  "cli/exit-codes.ts",
  "cli/failure.ts",
  "cli/interrupts.js",
  "cli/lifeline.ts",
  "cli/lock.js",
  "cli/process.ts",
  "cli/project.ts",
  "cli/state-folder.js",
  "cli/supervision.ts",
];

/** What each room may import beside itself and packages. Rooms depend downwards only. */
const ROOMS = {
  "provider/model": [],
  "provider/postgres": ["provider/model", "provider/lifeline.js"],
  "provider/release": ["provider/model"],
  "provider/ledger": FOUNDATION,
  "provider/execute": [...FOUNDATION, "provider/ledger"],
  "provider/plan": [...FOUNDATION, "provider/ledger", "provider/execute"],
  provider: [],
  tiers: ["provider/index.ts"],
  policy: ["provider/index.ts", "provider/loader.js", "tiers"],
  access: ["provider/index.ts", "provider/loader.js", "tiers"],
  "cli/dev-database": [...COMMAND_GROUND, "provider/index.ts", "tiers", "access"],
  "cli/pulumi": [...COMMAND_GROUND, "cli/dev-database", "provider/index.ts", "tiers", "tools/engine"],
  cli: ["provider/index.ts", "provider/loader.js", "tiers", "access", "tools/engine"],
};

const zones = Object.entries(ROOMS).map(([room, others]) => ({
  target: `./${room}`,
  from: ".",
  except: ["node_modules", room, ...others].map((path) => `./${path}`),
  message: `${room}/ may import ${others.join(", ") || "nothing"} beside itself: see docs/architecture.md, Rooms.`,
}));

export default tseslint.config(
  { ignores: ["node_modules/", "evidence/", "test/fixtures/stored-provider/"] },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // What a function needs travels as one context; a file is named for the one thing it holds.
      "@typescript-eslint/max-params": ["error", { max: 4 }],
      "max-lines": ["error", 300],
      // Numbers in messages are what this project is about.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // An empty string in the environment means the same as no value.
      "@typescript-eslint/prefer-nullish-coalescing": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // What an index or a key finds may be missing although its type does not say so.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // An interface of promises has implementations that need not wait.
      "@typescript-eslint/require-await": "off",
      // Much is loaded only when it is needed, which import() cannot do here: it is Node's loader for ES modules.
      "@typescript-eslint/no-require-imports": "off",
    },
  },
  {
    files: ["**/*.ts", "**/*.js"],
    plugins: { "import-x": importX },
    settings: {
      "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".js", ".json"] })],
      "import-x/extensions": [".ts", ".js"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
    },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
    },
  },
  {
    // Rows of a database have the types that the test expects of them.
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    // A row of a table of cases has as many columns as it needs.
    files: ["test/**/*.test.ts"],
    rules: { "@typescript-eslint/max-params": "off" },
  },
  {
    // Plain CommonJS: what Node has to load before tsx is there.
    files: ["**/*.js"],
    languageOptions: {
      sourceType: "commonjs",
      globals: {
        require: "readonly",
        module: "writable",
        process: "readonly",
        console: "readonly",
        __dirname: "readonly",
        AbortController: "readonly",
        clearInterval: "readonly",
        performance: "readonly",
        setInterval: "readonly",
      },
    },
  },
);
