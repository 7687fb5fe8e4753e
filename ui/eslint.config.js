import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

// What `cargo xtask tidy` checks for every file is said here as well, so that an editor shows it while one types.
const onlyTheHostTalksToTauri = {
  patterns: [
    {
      group: ["@tauri-apps/*"],
      message: "Only src/host talks to Tauri: the same page runs in a browser and in tests.",
    },
  ],
};

export default defineConfig(
  { ignores: ["dist/", "node_modules/", "*.config.js", "test-results/"] },
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      "no-restricted-imports": ["error", onlyTheHostTalksToTauri],
      // A template literal with a number in it is what template literals are for.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `onclick={() => act()}` says what it means.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // `void round;` reads a rune, so that what follows runs anew when it changes.
      "@typescript-eslint/no-meaningless-void-operator": "off",
      // A `Failure` is an answer of the app: it is thrown as it came.
      "@typescript-eslint/only-throw-error": "off",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      // What a component hands to its parent has no type for this parser; `npm run check` sees it and checks it.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      // Links are places in this page, made by `to`; there is no router of SvelteKit.
      "svelte/no-navigation-without-resolve": "off",
      // What a component reads of the data layer are runes there; plain maps beneath them are meant.
      "svelte/prefer-svelte-reactivity": "off",
      // The type of a list's rows is a parameter, which this parser takes for `unknown`.
      "@typescript-eslint/no-redundant-type-constituents": "off",
    },
  },
  {
    // Agreed with the app, and in the end written by it.
    files: ["src/contract/**"],
    rules: {
      "@typescript-eslint/no-empty-object-type": "off",
      "@typescript-eslint/consistent-indexed-object-style": "off",
    },
  },
  {
    // Made-up data: that a made-up list has an entry is known by who made it up.
    files: ["src/host/sample/**"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  {
    files: ["src/host/**"],
    rules: { "no-restricted-imports": "off" },
  },
);
