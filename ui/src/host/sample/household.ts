// What the sample household holds, and how its runs go on.
import type {
  BackendCard,
  Event,
  JournalLine,
  Live,
  LogLine,
  Marks,
  Overview,
  Reason,
  Run,
  ServerKind,
} from "../../contract/contract";
import { firstSettings, firstTasks, type SampleTask } from "./settings";
import { chance, differsOn, firstMarks, isOn, makeTitles, unwatched, type SampleTitle } from "./titles";
import { listens } from "./watching";

export const reasons: Record<string, string> = {
  moved: "Only this server changed since the last look, so its mark is the truth.",
  newer: "Two servers changed; this one changed later.",
  union: "Seen for the first time: a mark is only ever added.",
  behind: "It did not show yet what the others show.",
  agrees: "It shows what we hold to be true.",
  asked: "You asked for it in the window.",
  rewatch: "Watched before and started again: it stays watched.",
  undone: "Undone by you.",
  changedSince: "Changed since, so it is left as it is.",
  traces: "The mark and the place go back; the date or the play count cannot be written there.",
  replaced: "The file was replaced, which is no un-watching. The mark is restored.",
  restoredFromBackup: "restored by you from a backup",
  notInBackup: "not in the backup that you restored exactly",
  noIds: "it has no external id that we know, so it cannot be matched",
  leftAlone: "you want this title left alone",
  nobody: "no server of yours has a title with these ids",
};

export const because = (code: string): Reason => ({ code, says: reasons[code] ?? "" });

export class Household {
  now = (): number => Math.floor(Date.now() / 1000);
  backends: BackendCard[] = [];
  titles: SampleTitle[] = [];
  words: string[] = [];
  changed = new Map<number, { marks: Marks; at: number }>();
  ignored = new Set<number>();
  /** How often the address of a backend was made anew. */
  webhooks = new Map<number, number>();
  agreed = new Set<string>();
  settings = firstSettings();
  tasks: SampleTask[];
  runs: Run[] = [];
  journal: JournalLine[] = [];
  log: LogLine[] = [];
  live: Live[] = [];
  demo = false;
  /** That the database was made anew, until it was read. */
  mended: Overview["mended"] = null;
  /** How many are watching now. */
  watchers = 0;
  secrets: "keyring" | "file" = "keyring";
  pausedUntil: number | null = null;
  private listeners = new Set<(event: Event) => void>();
  private timers: ReturnType<typeof setTimeout>[] = [];
  private first = new Map<number, Marks>();

  constructor(
    readonly scene: string,
    wanted: number,
    readonly stepMs: number,
  ) {
    this.tasks = firstTasks(this.now(), scene);
    if (scene !== "empty") this.moveIn(wanted);
    else this.wanted = wanted;
  }

  private wanted = 400;

  /** Three servers, and a fourth that waits or is in trouble. */
  moveIn(wanted = this.wanted): void {
    this.titles = makeTitles(wanted);
    this.words = this.titles.map((title) => `${title.show ?? ""} ${title.name} ${title.year}`.toLowerCase());
    const now = this.now();
    const add = (
      kind: ServerKind,
      name: string,
      url: string,
      user: string | null,
      rest: Partial<BackendCard> = {},
    ): void => {
      this.backends.push(this.card(kind, name, url, user, rest));
    };
    add("plex", "Living room", "http://192.168.1.10:32400", "ana");
    add("jellyfin", "Den", "http://den.local:8096", "ana", {
      parked: this.scene === "parked" ? 2 : 0,
      ...(this.scene === "stranger"
        ? {
            stranger: { server: "den2", user: null, otherServer: true },
            trouble: {
              what: "Another server than before answers at its address",
              todo: "Check the address, or say that it is a new server in its place",
            },
          }
        : {}),
    });
    add("emby", "Cabin in the woods", "https://cabin.example.org:8920", "ana", { importedAt: now - 7400 });
    if (this.scene === "waits")
      add("kodi", "Bedroom", "http://192.168.1.31:8080", null, { approved: false, exportedAt: null });
    if (this.scene === "trouble") {
      add("kodi", "Bedroom", "http://192.168.1.31:8080", null, {
        importedAt: now - 92_000,
        exportedAt: now - 92_000,
        owed: 14,
        trouble: {
          what: "Bedroom does not answer.",
          todo: "Switch Kodi on. WatchState tries again by itself every few minutes.",
        },
      });
    }
    if (this.scene === "mended") {
      this.mended = {
        at: now - 60,
        why: "its pages do not fit together",
        aside: "/srv/ana/watchstate/watchstate-damaged-20261126T142000Z.sqlite",
        copyAt: now - 9_000,
      };
    }
    this.makeHistory(now);
  }

  card(kind: ServerKind, name: string, url: string, user: string | null, rest: Partial<BackendCard> = {}): BackendCard {
    const now = this.now();
    const id = 1 + Math.max(0, ...this.backends.map((backend) => backend.id));
    let items = 0;
    let watched = 0;
    for (const title of this.titles) {
      if (!isOn(id, title.id)) continue;
      items += 1;
      if (this.marksOf(title).watched) watched += 1;
    }
    return {
      id,
      name,
      kind,
      url,
      user,
      connection: listens({ kind, import: rest.import ?? "on", trouble: rest.trouble ?? null }, now),
      import: "on",
      export: true,
      approved: true,
      importedAt: now - 1900,
      exportedAt: now - 700,
      items,
      watched,
      owed: 0,
      parked: 0,
      held: 0,
      trouble: null,
      stranger: null,
      ...rest,
    };
  }

  private makeHistory(now: number): void {
    const told = [
      "took",
      "told",
      "told",
      "took",
      "kept",
      "told",
      "took",
      "told",
      "held",
      "told",
      "gone",
      "parked",
    ] as const;
    // What has a mark got it somehow: from one of the servers that have the title, which the others were told.
    const pool = this.titles.slice(0, 400).filter((title) => {
      const marks = this.marksOf(title);
      return marks.watched || marks.positionMs !== null;
    });
    const happened = new Set<string>();
    for (let at = 0; at < 600; at += 1) {
      const title = pool[Math.floor(chance(at, 30) * pool.length)]!;
      const what = told[at % told.length]!;
      const on = this.backends.slice(0, 3).filter((backend) => isOn(backend.id, title.id));
      const source = on[Math.floor(chance(title.id, 22) * on.length)];
      // The same is not learnt from a server, or told to it, twice; and nothing is told before it was learnt.
      if (what === "told" && happened.has(`took ${title.id}`)) continue;
      const left = on.filter(
        (one) => (what === "told") === (one !== source) && !happened.has(`${what} ${one.id} ${title.id}`),
      );
      const backend = left[Math.floor(chance(at, 24) * left.length)];
      if (!backend) continue;
      happened.add(`${what} ${backend.id} ${title.id}`).add(`${what} ${title.id}`);
      const marks = this.marksOf(title);
      const code = what === "took" ? "moved" : what === "kept" ? "replaced" : what === "told" ? "behind" : "newer";
      this.journal.push({
        id: 10_000 - at,
        at: now - 400 - Math.floor((at + 0.9 * chance(at, 23)) * 900),
        run: 900 - Math.floor(at / 6),
        title: { id: title.id, name: this.nameOf(title) },
        backend: { id: backend.id, name: backend.name },
        what,
        was: unwatched,
        became: marks,
        because: because(code),
        canUndo: what === "took" || what === "told",
      });
    }
    for (let at = 0; at < 120; at += 1) {
      const backend = this.backends[at % this.backends.length]!;
      const task = at % 2 === 0 ? "import" : "export";
      const bad = at === 17 || at === 44;
      const startedAt = now - 700 - at * 1800;
      this.runs.push({
        id: 900 - at,
        task,
        backend: backend.id,
        name: backend.name,
        startedAt,
        endedAt: startedAt + 4,
        mode: task === "export" ? (at % 9 === 1 ? "full" : "push") : null,
        ok: !bad,
        seen: task === "import" ? backend.items : 0,
        added: at % 7,
        changed: at % 5,
        unchanged: backend.items,
        unmatched: at % 11 === 0 ? 3 : 0,
        planned: 9,
        written: at % 4,
        already: at % 3,
        held: 0,
        failed: bad ? 4 : 0,
        requests: 14 + (at % 30),
        bytes: 48_000 + at * 7777,
        ms: 900 + at * 61,
        error: bad ? `${backend.name} stopped answering half-way. What was read is kept.` : null,
        canUndo: this.journal.some((line) => line.run === 900 - at && line.canUndo),
      });
    }
    const said = [
      ["info", "import: Living room answered in 41 ms"],
      ["debug", "import: page 3 of Movies, 200 items, gzip"],
      ["info", "export: 4 written, 5 already so"],
      ["warn", "Cabin in the woods asked to slow down; waiting 2 s"],
      ["debug", "plan: 9 changes, 0 held"],
      ["error", "backup: the disk is full"],
    ] as const;
    const bad = this.scene === "full" || this.scene === "trouble";
    for (let at = 0; at < 400; at += 1) {
      const [level, what] = said[bad && at % 29 === 5 ? 5 : at % 5]!;
      this.log.push({ at: now - at * 7, level, what });
    }
  }

  /** Why nothing is written about a title, or nothing. */
  heldOf(title: number): Reason | null {
    return this.ignored.has(title) ? because("leftAlone") : null;
  }

  nameOf(title: SampleTitle): string {
    if (title.show === null) return title.name;
    return `${title.show} S${String(title.season).padStart(2, "0")}E${String(title.episode).padStart(2, "0")}`;
  }

  marksOf(title: SampleTitle): Marks {
    const changed = this.changed.get(title.id);
    if (changed) return changed.marks;
    let marks = this.first.get(title.id);
    if (!marks) {
      marks = firstMarks(title, this.start);
      this.first.set(title.id, marks);
    }
    return marks;
  }

  readonly start = this.now();

  /** What a server shows of a title: what we hold, unless it is behind. */
  shownOn(backend: number, title: SampleTitle): { marks: Marks; agrees: boolean } {
    const marks = this.marksOf(title);
    const behind = this.changed.has(title.id)
      ? !this.agreed.has(`${backend} ${title.id}`)
      : differsOn(backend, title.id) && !this.agreed.has(`${backend} ${title.id}`);
    if (!behind || (!marks.watched && marks.positionMs === null && !this.changed.has(title.id)))
      return { marks, agrees: true };
    const begun = marks.watched || marks.positionMs !== null;
    return {
      marks: begun ? unwatched : { watched: true, positionMs: null, plays: 1, playedAt: null },
      agrees: false,
    };
  }

  listen(hear: (event: Event) => void): () => void {
    this.listeners.add(hear);
    return () => this.listeners.delete(hear);
  }

  tell(event: Event): void {
    for (const hear of this.listeners) hear(event);
  }

  write(line: Omit<JournalLine, "id" | "at" | "run" | "canUndo">, run = this.runs[0]?.id ?? 1): void {
    const id = (this.journal[0]?.id ?? 10_000) + 1;
    const canUndo = ["took", "told", "asked"].includes(line.what);
    this.journal.unshift({ id, at: this.now(), run, canUndo, ...line });
  }

  /** Every change that would be written now. */
  owed(backend: BackendCard): SampleTitle[] {
    if (!backend.export) return [];
    const all: SampleTitle[] = [];
    for (const title of this.titles) {
      if (isOn(backend.id, title.id) && !this.shownOn(backend.id, title).agrees) all.push(title);
      if (all.length >= 5000) break;
    }
    return all;
  }

  /** Goes through steps of import and export, one server after the other, and tells how far it is. */
  run(tasks: ("import" | "export")[], ids: number[], consent: boolean): void {
    if (this.live.length > 0) return;
    const steps: { backend: BackendCard; task: "import" | "export" }[] = [];
    for (const task of tasks) {
      for (const backend of this.backends) {
        if (!ids.includes(backend.id)) continue;
        if (task === "export" && consent && backend.export) backend.approved = true;
        if (task === "import" ? backend.import !== "off" : backend.export && backend.approved)
          steps.push({ backend, task });
      }
    }
    const next = (at: number): void => {
      const step = steps[at];
      if (!step) {
        this.live = [];
        this.tell({ type: "live", live: [] });
        this.tell({ type: "changed", tags: ["runs", "backends", "owed", "titles", "journal", "tasks", "live"] });
        return;
      }
      const total =
        step.task === "import" ? Math.max(1, step.backend.items) : Math.max(1, this.owed(step.backend).length);
      const startedAt = this.now();
      const parts = 12;
      const tick = (part: number): void => {
        if (part > parts) {
          this.finish(step.backend, step.task, startedAt, total);
          next(at + 1);
          return;
        }
        this.live = [
          {
            backend: step.backend.id,
            name: step.backend.name,
            task: step.task,
            done: Math.round((total * part) / parts),
            total,
            startedAt,
          },
        ];
        this.tell({ type: "live", live: this.live });
        this.later(() => {
          tick(part + 1);
        });
      };
      tick(0);
    };
    next(0);
    this.tell({ type: "changed", tags: ["runs", "live", "tasks"] });
  }

  private later(go: () => void): void {
    this.timers.push(setTimeout(go, this.stepMs));
    if (this.timers.length > 50) this.timers.splice(0, 25);
  }

  private finish(backend: BackendCard, task: "import" | "export", startedAt: number, total: number): void {
    const now = this.now();
    const dead = backend.trouble !== null;
    let written = 0;
    if (task === "export" && !dead) {
      for (const title of this.owed(backend)) {
        this.agreed.add(`${backend.id} ${title.id}`);
        written += 1;
        if (written <= 20) {
          this.write({
            title: { id: title.id, name: this.nameOf(title) },
            backend: { id: backend.id, name: backend.name },
            what: "told",
            was: unwatched,
            became: this.marksOf(title),
            because: because("behind"),
          });
        }
      }
      backend.exportedAt = now;
      backend.owed = 0;
    } else if (!dead) {
      backend.importedAt = now;
    }
    this.runs.unshift({
      id: (this.runs[0]?.id ?? 0) + 1,
      task,
      backend: backend.id,
      name: backend.name,
      startedAt,
      endedAt: now,
      mode: task === "export" ? "push" : null,
      ok: !dead,
      seen: task === "import" ? total : 0,
      added: 0,
      changed: 0,
      unchanged: task === "import" ? total : 0,
      unmatched: 0,
      planned: written,
      written,
      already: 0,
      held: 0,
      failed: 0,
      requests: 9,
      bytes: 81_000,
      ms: Math.max(400, (now - startedAt) * 1000),
      error: dead ? `${backend.name} does not answer.` : null,
      canUndo: written > 0,
    });
    for (const one of this.tasks) {
      if (one.name !== task && !one.running) continue;
      one.running = false;
      one.last = {
        at: now,
        ok: true,
        ms: 1800,
        says: task === "import" ? `${total} titles read.` : `${written} changes written.`,
      };
    }
    this.tell({ type: "changed", tags: ["runs", "backends", "owed", "journal", "tasks"] });
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    this.live = [];
    for (const task of this.tasks) task.running = false;
    this.tell({ type: "live", live: [] });
    this.tell({ type: "changed", tags: ["runs", "live", "tasks"] });
  }
}
