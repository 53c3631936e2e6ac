import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", "evidence/"] },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
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
      },
    },
  },
);
