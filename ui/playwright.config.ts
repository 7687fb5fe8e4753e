import { createHash } from "node:crypto";
import { defineConfig } from "@playwright/test";

// A port of this folder's own: two clones that run their tests at once must not look at each other's page.
// From 20000 on there is none that a browser refuses.
const PORT = 20_000 + (createHash("sha256").update(import.meta.dirname).digest().readUInt16BE() % 10_000);

export default defineConfig({
  testDir: "tests",
  // Those on the app itself, and the pictures of the guide, have a configuration of their own.
  testIgnore: ["**/tests/serve/**", "**/tests/guide/**"],
  fullyParallel: true,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // Two at a time: the machines that run this have two cores.
  workers: 2,
  forbidOnly: true,
  reporter: "list",
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    viewport: { width: 1100, height: 760 },
    locale: "en-GB",
    // Chromium of the system, where there is one; else the one that Playwright installed.
    launchOptions: process.env.WATCHSTATE_CHROMIUM
      ? { executablePath: process.env.WATCHSTATE_CHROMIUM, args: ["--no-sandbox"] }
      : {},
  },
  webServer: {
    command: `npx vite build --mode sample --outDir node_modules/.sample && npx vite preview --outDir node_modules/.sample --host 127.0.0.1 --port ${PORT} --strictPort`,
    url: `http://127.0.0.1:${PORT}`,
    reuseExistingServer: false,
    // It is built first, which takes its time on a busy computer.
    timeout: 240_000,
  },
});
