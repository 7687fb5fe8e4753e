import { invoke, isTauri } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Event } from "../contract/contract";
import type { Host } from "./host";

/** Whether the page is shown by the app's own window. */
export const insideTauri = isTauri;

/** The app's own window. */
export const tauri: Host = {
  call: (name, args) => invoke("call", { name, args }),
  listen(hear) {
    const stop = listen<Event>("watchstate", ({ payload }) => {
      hear(payload);
    });
    return () =>
      void stop.then((end) => {
        end();
      });
  },
  open: (url) => invoke("open_url", { url }),
};
