import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  // Paths without a leading slash: the window serves the page from its own scheme, `serve` from any prefix.
  base: "./",
  clearScreen: false,
  server: { host: "127.0.0.1", port: 5173, strictPort: true },
  build: {
    // The oldest web view that is met in the field: WebKitGTK of Debian 12 and macOS 13.
    target: ["safari16", "chrome110"],
    sourcemap: false,
    // An inlined asset would be a `data:` URL, which the content policy refuses for everything but images.
    assetsInlineLimit: 0,
  },
});
