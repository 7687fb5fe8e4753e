import { defineConfig } from "@playwright/test";
import sample from "./playwright.config";

// The pictures of docs/guide, of the sample household: `cargo xtask pictures`.
export default defineConfig({ ...sample, testDir: "tests/guide", testIgnore: [] });
