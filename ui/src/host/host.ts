import { browser } from "./browser";
import { insideTauri, tauri } from "./tauri";

/** What the page asks of whoever shows it. The window is one answer, a browser another. */
export interface Host {
  /** The version of the app, or nothing where there is no app around the page. */
  version(): Promise<string | undefined>;
}

/** The host that this page runs in. */
export function host(): Host {
  return insideTauri() ? tauri : browser;
}
