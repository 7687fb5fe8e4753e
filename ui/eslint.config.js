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
  { ignores: ["dist/", "node_modules/", "*.config.js"] },
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
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    files: ["src/host/**"],
    rules: { "no-restricted-imports": "off" },
  },
);
