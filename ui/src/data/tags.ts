import type { Tag } from "../contract/contract";
import type { Name } from "../host/host";

/** Which tags an answer is made of: when one of them changes, the answer is stale. */
export const reads: Partial<Record<Name, readonly Tag[]>> = {
  overview: ["backends", "runs", "owed", "tasks"],
  backends: ["backends", "owed"],
  preview_rows: [],
  live: ["live", "runs"],
  runs: ["runs"],
  titles: ["titles"],
  title: ["titles", "owed"],
  journal: ["journal"],
  log: ["runs", "journal"],
  tasks: ["tasks", "runs"],
  settings: ["settings"],
  about: ["settings"],
};

const everything: readonly Tag[] = ["backends", "runs", "owed", "titles", "journal", "tasks", "settings", "live"];

/** Which tags a command changes: what was asked with them is asked again at once. */
export const changes: Partial<Record<Name, readonly Tag[]>> = {
  set_backend: ["backends"],
  remove_backend: ["backends", "titles"],
  add_backend: ["backends"],
  start_demo: everything,
  sync_now: ["live"],
  import_now: ["live"],
  export_now: ["live"],
  stop_run: ["live"],
  pause_sync: ["tasks"],
  mark_title: ["titles", "owed", "journal"],
  ignore_title: ["titles", "owed"],
  reread_title: ["titles"],
  set_task: ["tasks"],
  run_task: ["tasks"],
  set_setting: ["settings"],
};
