// Fences: purity of lib, api and core; budgets that name the tail; exhaustive switches.
import js from "@eslint/js";
import tseslint from "typescript-eslint";

const pure = ["src/lib/**/*.ts", "src/api/**/*.ts", "src/core/**/*.ts"];
const tests = [
  "**/*.test.ts",
  "**/conformance.ts",
  "**/conformance/*.ts",
  "test/**/*.ts",
  "bench/**/*.ts",
  "examples/**/*.ts",
  "scripts/**/*.ts",
];

export default tseslint.config(
  {
    ignores: [
      "dist/**",
      ".build/**",
      ".haldane/**",
      "node_modules/**",
      "**/*.js",
      "**/*.cjs",
      "**/*.mjs",
      "vitest*.ts",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ["./tsconfig.pure.json", "./tsconfig.node.json", "./tsconfig.test.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      // ESLint counts every `?.` and `??`, and a switch as one here: 16 is about ten real branches.
      complexity: ["error", { max: 16, variant: "modified" }],
      "max-depth": ["error", 3],
      "max-params": ["error", 5],
      "no-warning-comments": ["error", { terms: ["fixme", "xxx"], location: "anywhere" }],
    },
  },
  {
    files: pure,
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "Time is an input: take `now: EpochMs`." },
        { object: "Math", property: "random", message: "Chance is an input: take a seeded Rng." },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: "Time is an input: take `now: EpochMs`.",
        },
        {
          selector: ":function[async=true]",
          message:
            "The core is synchronous: observe first, decide here, carry out in controllers/.",
        },
      ],
    },
  },
  {
    files: tests,
    rules: {
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "no-restricted-properties": "off",
      "no-restricted-syntax": "off",
    },
  },
);
