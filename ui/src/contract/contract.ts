// The contract between the window and the app: what can be asked, with what, and what comes back.
// In the end this file is generated from Rust; until then it is agreed here.

export type BackendId = number; export type TitleId = number; export type RunId = number; export type ItemId = number;
/** Unix seconds on our clock. */
export type Moment = number;
export type ServerKind = "plex" | "jellyfin" | "emby" | "kodi";
export type Import = "on" | "metadata" | "off";

/** What a copy or we hold of a title. positionMs: resume position; with watched true it is a rewatch. */
export interface Marks { watched: boolean; positionMs: number | null; plays: number; playedAt: Moment | null }

/** What changes are about. */
export interface Mark { watched: boolean; positionMs: number | null }

/** Something is wrong: what, and what to do about it. Both are sentences for people. */
export interface Advice { what: string; todo: string }
/** What every command answers when it fails. kind: what the caller can do. */
export interface Failure extends Advice { kind: "usage" | "server" | "keyring" | "store" | "busy" | "cancelled" | "notFound" | "internal" }

// ---------- the truth ----------
/** inSync only when every export account has confirmed everything. */
export type Truth = "inSync" | "working" | "needsYou" | "trouble" | "paused" | "empty";
export interface Overview {
  truth: Truth;
  /** One sentence, the same as in the tray. */
  says: string;
  backends: BackendCard[];
  /** Titles known, and those that differ between servers. */
  titles: number; 
  lastSync: Moment | null;
  nextRun: { task: TaskName; at: Moment } | null;
  pausedUntil: Moment | null;
  today: { marks: number; written: number; held: number; failed: number };
  waiting: Waiting[];
}
/** Something waits for a person's yes. */
export interface Waiting { backend: BackendId; name: string; why: "firstExport" | "brake"; count: number }

// ---------- backends ----------
export interface BackendCard {
  id: BackendId; name: string; kind: ServerKind; url: string; user: string | null;
  import: Import; export: boolean;
  /** Whether a person said yes to its first export. */
  approved: boolean;
  importedAt: Moment | null; exportedAt: Moment | null;
  items: number; watched: number;
  /** Writes owed, and writes that are not tried any more. */
  owed: number; parked: number; held: number;
  trouble: Advice | null;
}
export interface Tested { server: string; version: string; user: string; clockOffsetS: number; libraries: { name: string; kind: "movies" | "shows" | "mixed" }[]; users: string[] }

// ---------- the wizard ----------
export interface Found { kind: ServerKind; name: string; url: string; how: "network" | "thisComputer" | "plexAccount" }
/** A sign-in in progress or done; the secret stays in the app. */
export type SignIn =
  | { state: "waiting"; ticket: string; code: string; /** to be opened in a browser; null for Quick Connect, where the code is typed on the server */ openUrl: string | null; expiresAt: Moment }
  /** Signed in to an account that has several servers, as the Plex account does: which of them is meant? */
  | { state: "choose"; ticket: string; servers: Found[] }
  /** user: the id of the one whose credentials they are; null for a key that belongs to nobody. */
  | { state: "done"; ticket: string; server: string; version: string; users: { id: string; name: string }[]; user: string | null }
  | { state: "refused"; advice: Advice };
export type Credentials =
  | { by: "password"; username: string; password: string }
  | { by: "token"; token: string }
  | { by: "plexPin" }
  | { by: "quickConnect" };

// ---------- runs ----------
export type TaskName = "sync" | "import" | "export" | "backup" | "prune";
export interface Run {
  id: RunId; task: "import" | "export"; backend: BackendId; name: string;
  startedAt: Moment; endedAt: Moment | null; mode: "push" | "full" | null; ok: boolean | null;
  seen: number; added: number; changed: number; unchanged: number; unmatched: number;
  planned: number; written: number; already: number; held: number; failed: number;
  requests: number; bytes: number; ms: number; error: string | null;
}
/** What goes on now. done/total are null while unknown. */
export interface Live { backend: BackendId | null; name: string | null; task: "import" | "export" | "planning"; done: number | null; total: number | null; startedAt: Moment }

// ---------- preview ----------
export type Action = "watch" | "unwatch" | "start" | "again" | "clear" | "played";
export interface Preview {
  id: string; takenAt: Moment;
  perBackend: { backend: BackendId; name: string; watch: number; unwatch: number; position: number; total: number; held: number }[];
  /** Backends that could not be asked, each with a sentence. */
  troubles: string[];
}
export interface PreviewRow { titleId: TitleId; title: string; backend: BackendId; action: Action; was: Mark; becomes: Mark; because: Reason; /** Why it would not be written all the same. */ held: Reason | null }
/** A reason as a code and as a sentence. */
export interface Reason { code: string; says: string }

// ---------- history ----------
export interface TitleFilter {
  text?: string; kind?: "movie" | "episode"; state?: "watched" | "unwatched" | "started";
  backend?: BackendId; missingOn?: BackendId; differs?: boolean;
}
export interface TitleRow {
  id: TitleId; name: string; show: string | null; season: number | null; episode: number | null; year: number | null;
  marks: Marks; changedAt: Moment | null;
  /** One entry a backend that has it. */
  on: { backend: BackendId; marks: Marks; agrees: boolean; present: boolean }[];
}
export interface Title extends TitleRow {
  ids: { provider: string; value: string }[];
  ignored: boolean;
  copies: { item: ItemId; backend: BackendId; key: string; path: string | null; durationMs: number | null; marks: Marks; agreed: Marks | null; agreedAt: Moment | null; present: boolean; because: Reason; owed: { becomes: Mark; because: Reason; waiting: string | null; parked: boolean } | null }[];
  journal: JournalLine[];
}
export type JournalWhat = "took" | "kept" | "held" | "told" | "parked" | "gone" | "asked";
export interface JournalLine { id: number; at: Moment; run: RunId; title: { id: TitleId; name: string }; backend: { id: BackendId; name: string } | null; what: JournalWhat; was: Mark; became: Mark; because: Reason }
export interface Page<T> { rows: T[]; total: number }

// ---------- tasks ----------
export interface Task {
  name: TaskName; on: boolean; line: string; 
  /** "every hour at 10 past". */
  words: string; next: Moment[];
  last: { at: Moment; ok: boolean; ms: number; says: string } | null;
  running: boolean;
  /** The variable that sets it, if the environment does: then it is locked here. */
  lockedBy: string | null;
}
export type CronLine = { ok: true; words: string; next: Moment[] } | { ok: false; advice: Advice };

// ---------- settings ----------
export interface Setting {
  name: string; // WS_*
  group: "sync" | "progress" | "safety" | "window" | "network" | "files";
  title: string; meaning: string;
  kind: { type: "switch" } | { type: "number"; min: number; max: number; unit: string | null } | { type: "text" } | { type: "choice"; choices: { value: string; title: string }[] };
  value: string; default: string; lockedBy: string | null;
}
export interface About { version: string; dataFolder: string; secrets: "keyring" | "file"; licence: string; host: "desktop" | "browser"; /** Whether it runs on demo servers. */ demo: boolean }
export interface LogLine { at: Moment; level: "error" | "warn" | "info" | "debug"; what: string }

// ---------- the table of commands ----------
// name: [arguments, answer]; reads/changes: cache tags.
export interface Commands {
  overview: [{}, Overview];                                  // reads: backends runs owed tasks
  backends: [{}, BackendCard[]];                             // reads: backends owed
  test_backend: [{ backend: BackendId }, Tested];
  set_backend: [{ backend: BackendId; name?: string; url?: string; import?: Import; export?: boolean; credentials?: Credentials }, null]; // changes: backends
  remove_backend: [{ backend: BackendId; keepHistory: boolean }, null]; // changes: backends titles
  find_servers: [{}, Found[]];                               // takes up to 3 s
  /** url: empty with plexPin to sign in to the Plex account itself; then `choose` follows. */
  sign_in: [{ kind: ServerKind; url: string; credentials: Credentials }, SignIn];
  sign_in_state: [{ ticket: string }, SignIn];
  /** The answer to `choose`: goes on with one server of the account, as `done` or `refused`. */
  choose_server: [{ ticket: string; url: string }, SignIn];
  cancel_sign_in: [{ ticket: string }, null];
  /** user: an id of `users`; empty where there are none. */
  add_backend: [{ ticket: string; name: string; user: string; import: Import; export: boolean }, BackendId]; // changes: backends
  start_demo: [{}, null];                                    // changes: everything
  sync_now: [{ backends?: BackendId[]; preview?: string }, null];  // returns at once; preview: what was shown and agreed to = consent
  import_now: [{ backend: BackendId; full: boolean }, null];
  export_now: [{ backend: BackendId; full: boolean; preview?: string }, null];
  stop_run: [{}, null];
  pause_sync: [{ until: "30min" | "morning" | null }, null]; // null: resume
  preview: [{ backends?: BackendId[]; import: boolean }, Preview];
  preview_rows: [{ preview: string; backend?: BackendId; text?: string; from: number; size: number }, Page<PreviewRow>];
  live: [{}, Live[]];
  runs: [{ from: number; size: number }, Page<Run>];         // reads: runs
  titles: [{ filter: TitleFilter; from: number; size: number }, Page<TitleRow>]; // reads: titles
  title: [{ title: TitleId }, Title];                        // reads: titles owed
  mark_title: [{ title: TitleId; watched: boolean }, null];  // changes: titles owed
  ignore_title: [{ title: TitleId; ignored: boolean }, null]; // changes: titles owed
  reread_title: [{ title: TitleId }, null];                  // changes: titles
  journal: [{ text?: string; backend?: BackendId; what?: JournalWhat; from: number; size: number }, Page<JournalLine>]; // reads: journal
  log: [{ level: LogLine["level"]; size: number }, LogLine[]];
  tasks: [{}, Task[]];                                       // reads: tasks runs
  set_task: [{ name: TaskName; on?: boolean; line?: string }, null]; // changes: tasks
  read_cron: [{ line: string }, CronLine];
  run_task: [{ name: TaskName }, null];
  settings: [{}, Setting[]];                                 // reads: settings
  set_setting: [{ name: string; value: string | null }, null]; // null: back to the default; changes: settings
  support_bundle: [{}, { path: string }];
  about: [{}, About];
}
export type Tag = "backends" | "runs" | "owed" | "titles" | "journal" | "tasks" | "settings" | "live";
/** What the app tells by itself: tags whose answers are stale, or a step of a run. */
export type Event = { type: "changed"; tags: Tag[] } | { type: "live"; live: Live[] };

/** Which answers each command's depends on, and which are stale when it went well. */
export const TAGS: { readonly [C in keyof Commands]: { readonly reads: readonly Tag[]; readonly changes: readonly Tag[] } } = {
  overview: { reads: ["backends", "runs", "owed", "tasks", "live"], changes: [] },
  backends: { reads: ["backends", "owed"], changes: [] },
  test_backend: { reads: [], changes: [] },
  set_backend: { reads: [], changes: ["backends"] },
  remove_backend: { reads: [], changes: ["backends", "titles"] },
  find_servers: { reads: [], changes: [] },
  sign_in: { reads: [], changes: [] },
  sign_in_state: { reads: [], changes: [] },
  choose_server: { reads: [], changes: [] },
  cancel_sign_in: { reads: [], changes: [] },
  add_backend: { reads: [], changes: ["backends"] },
  start_demo: { reads: [], changes: ["backends", "runs", "owed", "titles", "journal", "tasks", "settings", "live"] },
  sync_now: { reads: [], changes: ["live"] },
  import_now: { reads: [], changes: ["live"] },
  export_now: { reads: [], changes: ["live"] },
  stop_run: { reads: [], changes: ["live"] },
  pause_sync: { reads: [], changes: ["tasks"] },
  preview: { reads: [], changes: [] },
  preview_rows: { reads: [], changes: [] },
  live: { reads: ["live", "runs"], changes: [] },
  runs: { reads: ["runs"], changes: [] },
  titles: { reads: ["titles"], changes: [] },
  title: { reads: ["titles", "owed"], changes: [] },
  mark_title: { reads: [], changes: ["titles", "owed", "journal"] },
  ignore_title: { reads: [], changes: ["titles", "owed"] },
  reread_title: { reads: [], changes: ["titles"] },
  journal: { reads: ["journal"], changes: [] },
  log: { reads: ["runs", "journal"], changes: [] },
  tasks: { reads: ["tasks", "runs"], changes: [] },
  set_task: { reads: [], changes: ["tasks"] },
  read_cron: { reads: [], changes: [] },
  run_task: { reads: [], changes: ["tasks"] },
  settings: { reads: ["settings"], changes: [] },
  set_setting: { reads: [], changes: ["settings"] },
  support_bundle: { reads: [], changes: [] },
  about: { reads: ["settings"], changes: [] },
};
