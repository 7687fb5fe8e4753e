import { getVersion } from "@tauri-apps/api/app";
import { isTauri } from "@tauri-apps/api/core";
import type { Host } from "./host";

/** Whether the page is shown by the app's own window. */
export const insideTauri = isTauri;

/** The app's own window. */
export const tauri: Host = {
  version: () => getVersion(),
};
