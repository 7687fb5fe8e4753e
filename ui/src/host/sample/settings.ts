// Settings and tasks of the sample household.
import type { Setting, TaskName } from "../../contract/contract";

const on = { type: "switch" } as const;
const number = (min: number, max: number, unit: string | null): Setting["kind"] => ({ type: "number", min, max, unit });

function setting(
  name: string,
  group: Setting["group"],
  title: string,
  meaning: string,
  kind: Setting["kind"],
  standard: string,
  rest: Partial<Setting> = {},
): Setting {
  return { name, group, title, meaning, kind, value: standard, default: standard, lockedBy: null, ...rest };
}

export function firstSettings(): Setting[] {
  return [
    setting(
      "WS_EXPORT_THRESHOLD",
      "sync",
      "Full export from",
      "With more changes than this, a server is read whole before it is written to.",
      number(1, 100_000, "changes"),
      "1000",
    ),
    setting(
      "WS_REALTIME",
      "sync",
      "Follow servers at once",
      "Listens to your servers, so that a mark or a stop on one is on the others in about a second.",
      on,
      "true",
    ),
    setting(
      "WS_SYNC_PROGRESS",
      "progress",
      "Sync play positions",
      "Go on where you stopped, on whichever server.",
      on,
      "true",
    ),
    setting(
      "WS_PROGRESS_MINIMUM",
      "progress",
      "Shortest position",
      "A position below this is not worth keeping.",
      number(0, 3600, "s"),
      "60",
    ),
    setting(
      "WS_PROGRESS_THRESHOLD",
      "progress",
      "A rewatch begins after",
      "A position in a title that was watched less than this ago is what is left of that viewing.",
      number(0, 86_400, "s"),
      "0",
    ),
    setting(
      "WS_BRAKE_TITLES",
      "safety",
      "Hold back from",
      "A run that would mark more titles not watched than this waits for your yes.",
      number(1, 100_000, "titles"),
      "20",
      { value: "50" },
    ),
    setting(
      "WS_KEEP_SNAPSHOTS",
      "safety",
      "Keep snapshots",
      "How many snapshots of a server are kept from before it was written to.",
      number(1, 365, null),
      "14",
    ),
    setting(
      "WS_THEME",
      "window",
      "Theme",
      "How the window looks.",
      {
        type: "choice",
        choices: [
          { value: "system", title: "As the system" },
          { value: "light", title: "Light" },
          { value: "dark", title: "Dark" },
        ],
      },
      "system",
    ),
    setting("WS_AUTOSTART", "window", "Start on login", "WatchState starts in the tray when you log in.", on, "true"),
    setting(
      "WS_NOTIFY",
      "window",
      "Notifications",
      "Told only when something is wrong or waits for your yes.",
      on,
      "true",
    ),
    setting(
      "WS_HTTP_PARALLEL",
      "network",
      "Requests at a time",
      "At most so many requests to one server at once.",
      number(1, 16, null),
      "4",
    ),
    setting(
      "WS_HTTP_TIMEOUT",
      "network",
      "Longest wait",
      "A server that has not answered by then is asked again later.",
      number(1, 600, "s"),
      "30",
    ),
    setting(
      "WS_HTTP_PROXY",
      "network",
      "Proxy",
      "The address of a proxy, if your servers are behind one.",
      { type: "text" },
      "",
    ),
    setting(
      "WS_WEBHOOK",
      "network",
      "Listen for webhooks",
      "Servers may tell by a webhook that something was watched. WatchState hears most without it.",
      on,
      "false",
    ),
    setting("WS_WEBHOOK_BIND", "network", "Listen at", "Where webhooks are listened for.", { type: "text" }, "127.0.0.1"),
    setting(
      "WS_WEBHOOK_PORT",
      "network",
      "Port for webhooks",
      "The port at which webhooks are listened for.",
      number(1024, 65_535, null),
      "8487",
    ),
    setting(
      "WS_DATA_PATH",
      "files",
      "Data folder",
      "Where WatchState keeps what it knows.",
      { type: "text" },
      "~/.local/share/watchstate",
      { lockedBy: "WS_DATA_PATH", value: "/srv/watchstate" },
    ),
    setting(
      "WS_LOG_LEVEL",
      "files",
      "Log from",
      "What the log file holds.",
      {
        type: "choice",
        choices: [
          { value: "warn", title: "Warnings" },
          { value: "info", title: "Information" },
          { value: "debug", title: "Everything" },
        ],
      },
      "info",
    ),
  ];
}

export interface SampleTask {
  name: TaskName;
  on: boolean;
  line: string;
  lockedBy: string | null;
  last: { at: number; ok: boolean; ms: number; says: string } | null;
  running: boolean;
}

export function firstTasks(now: number, scene: string): SampleTask[] {
  const bad = scene === "full" || scene === "trouble";
  return [
    { name: "sync", on: false, line: "*/15 * * * *", lockedBy: null, last: null, running: false },
    {
      name: "import",
      on: true,
      line: "0 */1 * * *",
      lockedBy: null,
      last: { at: now - 1900, ok: true, ms: 8420, says: "12 marks learnt from 3 servers." },
      running: false,
    },
    {
      name: "export",
      on: true,
      line: "30 */1 * * *",
      lockedBy: "WS_CRON_EXPORT_AT",
      last: { at: now - 700, ok: true, ms: 2140, says: "9 changes written, all servers agree." },
      running: false,
    },
    {
      name: "backup",
      on: true,
      line: "0 3 * * *",
      lockedBy: null,
      last: bad
        ? { at: now - 48_000, ok: false, ms: 300, says: "The disk is full. Free some room, then run it again." }
        : { at: now - 48_000, ok: true, ms: 640, says: "3 files written." },
      running: false,
    },
    {
      name: "prune",
      on: true,
      line: "0 4 * * 0",
      lockedBy: null,
      last: { at: now - 300_000, ok: true, ms: 120, says: "Nothing was old enough." },
      running: false,
    },
  ];
}
