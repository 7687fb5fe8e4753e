import type { Host } from "./host";

/** A plain browser: the page of `npm run dev`, and later of `watchstate-cli serve`. */
export const browser: Host = {
  version: () => Promise.resolve(undefined),
};
