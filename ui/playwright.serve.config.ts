import { defineConfig } from "@playwright/test";
import sample from "./playwright.config";

// The same browser, on the app itself: each worker starts `watchstate-cli serve` of its own. `WATCHSTATE_CLI` names it.
export default defineConfig({
  ...sample,
  testDir: "tests/serve",
  testIgnore: [],
  // The tests of a file share what their worker has brought up, so they run one after the other.
  fullyParallel: false,
  webServer: [],
});
