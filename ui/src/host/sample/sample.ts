// A household made up in memory, for looking at the window and for testing it without the app.
// `?sample` and beside it: `scene=calm|waits|lost|unheld|stale|trouble|parked|full|mended|stranger|empty`,
// `titles=200000`, `step=MS` (how long a step of a run takes), `watching=4` (so many watch something now; more or fewer
// with `watch(2)` in the console), `fails` (each command fails) or `fails=held,brakes`
// (these do). `levers` in the console does more of that kind.
import type {
  Failure,
  Found,
  JournalLine,
  Preview,
  PreviewRow,
  SignIn,
  Title,
  TitleRow,
  WebhookAddress,
} from "../../contract/contract";
import type { Answer, Args, Host, Name } from "../host";
import { backupCommands, Shelf } from "./backups";
import { readCron } from "./crontab";
import { Held, heldCommands, surprise } from "./held";
import { because, Household } from "./household";
import { Levers } from "./levers";
import { overviewOf } from "./overview";
import { isOn, unwatched, type SampleTitle } from "./titles";
import { linesOf, snapshotsOf, takeBack, undoing } from "./undo";
import { listens, watchingOf } from "./watching";

type Commands = { [N in Name]: (args: Args<N>) => Answer<N> | Promise<Answer<N>> };

const fail = (kind: Failure["kind"], what: string, todo: string): never => {
  throw { kind, what, todo } satisfies Failure;
};

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function rowOf(home: Household, title: SampleTitle): TitleRow {
  const marks = home.marksOf(title);
  return {
    id: title.id,
    name: title.name,
    show: title.show,
    season: title.season,
    episode: title.episode,
    year: title.year,
    marks,
    changedAt: home.changed.get(title.id)?.at ?? marks.playedAt,
    on: home.backends
      .filter((backend) => isOn(backend.id, title.id))
      .map((backend) => ({
        backend: backend.id,
        present: title.id % 97 !== 0 || backend.id !== 2,
        ...home.shownOn(backend.id, title),
      })),
  };
}

function fullOf(home: Household, title: SampleTitle): Title {
  const row = rowOf(home, title);
  return {
    ...row,
    ids: [
      { provider: "imdb", value: `tt${String(1_000_000 + title.id)}` },
      { provider: "tmdb", value: String(40_000 + title.id) },
      ...(title.show === null ? [] : [{ provider: "tvdb", value: String(70_000 + title.id) }]),
    ],
    ignored: home.ignored.has(title.id),
    copies: row.on.map((on) => ({
      item: title.id * 10 + on.backend,
      backend: on.backend,
      key: String(900_000 + title.id),
      path: on.backend === 1 ? `/srv/media/${title.show ?? "Movies"}/${title.name}.mkv` : null,
      durationMs: title.durationMs,
      marks: on.marks,
      agreed: on.marks,
      agreedAt: home.now() - 1900,
      present: on.present,
      because: because(on.agrees ? "agrees" : "behind"),
      owed: on.agrees ? null : { becomes: row.marks, because: because("behind"), waiting: null, parked: false },
    })),
    journal: home.journal.filter((line) => line.title.id === title.id).slice(0, 30),
  };
}

function find(home: Household, args: Args<"titles">): Answer<"titles"> {
  const { filter, from, size } = args;
  const words = (filter.text ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const fits = (title: SampleTitle, at: number): boolean => {
    const text = home.words[at] ?? "";
    if (!words.every((word) => text.includes(word))) return false;
    if (filter.kind !== undefined && (filter.kind === "movie") !== (title.show === null)) return false;
    if (filter.backend !== undefined && !isOn(filter.backend, title.id)) return false;
    if (filter.missingOn !== undefined && isOn(filter.missingOn, title.id)) return false;
    if (filter.state !== undefined) {
      const marks = home.marksOf(title);
      const state = marks.watched ? "watched" : marks.positionMs !== null ? "started" : "unwatched";
      if (state !== filter.state) return false;
    }
    if (filter.differs === true) return rowOf(home, title).on.some((on) => !on.agrees);
    return true;
  };
  const all = Object.keys(filter).length === 0 ? home.titles : home.titles.filter(fits);
  return { total: all.length, rows: all.slice(from, from + size).map((title) => rowOf(home, title)) };
}

function commands(home: Household): Commands {
  const previews = new Map<string, PreviewRow[]>();
  const held = new Held(home);
  const shelf = new Shelf(home);
  const stillSo = surprise(home);
  const undos = new Map<string, JournalLine[]>();
  const signIns = new Map<string, { answer: SignIn; asked: number; account: boolean }>();
  const backendOf = (id: number) =>
    home.backends.find((backend) => backend.id === id) ??
    fail("notFound", "This server is not known any more.", "Go back to Backends.");
  const titleOf = (id: number) =>
    home.titles[id - 1] ?? fail("notFound", "This title is not known any more.", "Search for it again.");
  const all = (): number[] => home.backends.map((backend) => backend.id);
  const changed = (...tags: Extract<Parameters<Household["tell"]>[0], { type: "changed" }>["tags"]): null => {
    home.tell({ type: "changed", tags });
    return null;
  };
  const setTo = (name: string): string | undefined => home.settings.find((one) => one.name === name)?.value;
  const webhooksAt = (): string => `${setTo("WS_WEBHOOK_BIND") ?? ""}:${setTo("WS_WEBHOOK_PORT") ?? ""}`;
  const webhookOf = (id: number): WebhookAddress => {
    const secret = String(7 * id + (home.webhooks.get(id) ?? 0)).padStart(32, "5ad0e1f2");
    const off = {
      what: "WatchState does not listen for webhooks.",
      todo: "Switch it on in Settings (WS_WEBHOOK).",
    };
    return {
      address: `http://${webhooksAt()}/hook/${secret}`,
      advice: setTo("WS_WEBHOOK") === "true" ? null : off,
    };
  };
  const done = (ticket: string, server: string): SignIn => ({
    state: "done",
    ticket,
    server,
    version: "10.11.2",
    user: "1",
    users: [
      { id: "1", name: "ana" },
      { id: "2", name: "Jonas" },
      { id: "3", name: "יעל" },
    ],
  });

  return {
    overview: () => overviewOf(home, held),
    backends: () => home.backends.map((backend) => ({ ...backend, held: held.of(backend.id).length })),
    async test_backend({ backend }) {
      await wait(home.stepMs * 4);
      const one = backendOf(backend);
      if (one.trouble) return fail("server", one.trouble.what, one.trouble.todo);
      return {
        server: one.name,
        version: "10.11.2",
        user: one.user ?? "ana",
        clockOffsetS: one.id === 3 ? -42 : 0,
        libraries: [
          { name: "Movies", kind: "movies" },
          { name: "Shows", kind: "shows" },
          { name: "أفلام", kind: "mixed" },
        ],
        users: ["ana", "Jonas", "יעל"],
      };
    },
    put_mended_away() {
      home.mended = null;
      return changed("backends");
    },
    set_backend({ backend, credentials, newServer, ...rest }) {
      if (credentials?.by === "password" && credentials.password === "wrong")
        return fail("server", "The password is not right.", "Type it again.");
      const one = Object.assign(backendOf(backend), rest);
      // A yes ends with the export it was given to.
      if (!one.export) one.approved = false;
      if (newServer === true) {
        const anew = { stranger: null, trouble: null, approved: false, importedAt: null, exportedAt: null, items: 0, watched: 0 };
        Object.assign(one, anew);
      }
      one.connection = listens(one, home.now());
      return changed("backends", "owed");
    },
    remove_backend({ backend }) {
      home.backends = home.backends.filter((one) => one.id !== backend);
      return changed("backends", "titles", "owed");
    },
    async find_servers() {
      await wait(home.stepMs * 6);
      const found: Found[] = [
        { kind: "jellyfin", name: "attic", url: "http://192.168.1.20:8096", how: "network" },
        { kind: "plex", name: "Summer house", url: "http://192.168.1.40:32400", how: "network" },
        { kind: "emby", name: "Ana's laptop", url: "http://127.0.0.1:8097", how: "thisComputer" },
      ];
      return found;
    },
    async sign_in({ kind, url, credentials }) {
      await wait(home.stepMs * 2);
      const ticket = `t${signIns.size + 1}`;
      if (credentials.by === "password" && credentials.password === "wrong") {
        return {
          state: "refused",
          advice: { what: "The name or the password is not right.", todo: "Type them again. Capital letters count." },
        };
      }
      if (credentials.by === "plexPin" || credentials.by === "quickConnect") {
        const answer: SignIn = {
          state: "waiting",
          ticket,
          code: kind === "plex" ? "K7QX" : "482913",
          openUrl: kind === "plex" ? "https://app.plex.tv/auth#?code=K7QX" : null,
          expiresAt: home.now() + 900,
        };
        signIns.set(ticket, { answer, asked: 0, account: url === "" });
        return answer;
      }
      return done(ticket, kind === "kodi" ? "Kodi" : "attic");
    },
    sign_in_state({ ticket }) {
      const known = signIns.get(ticket);
      if (!known) return fail("notFound", "This sign-in is over.", "Begin it again.");
      known.asked += 1;
      if (known.asked < 3) return known.answer;
      if (!known.account) return done(ticket, "attic");
      return {
        state: "choose",
        ticket,
        servers: [
          { kind: "plex", name: "Summer house", url: "http://192.168.1.40:32400", how: "plexAccount" },
          { kind: "plex", name: "Grandma's", url: "https://grandma.example.org:32400", how: "plexAccount" },
        ],
      };
    },
    choose_server: ({ ticket, url }) => done(ticket, url.includes("grandma") ? "Grandma's" : "Summer house"),
    keep_secrets_in_file() {
      home.secrets = "file";
      return changed("settings");
    },
    cancel_sign_in({ ticket }) {
      signIns.delete(ticket);
      return null;
    },
    add_backend({ name, user, import: imports, export: exports }) {
      if (home.titles.length === 0) {
        home.moveIn();
        home.backends = [];
      }
      const card = home.card(
        "jellyfin",
        name,
        "http://192.168.1.20:8096",
        ["ana", "Jonas", "יעל"][Number(user) - 1] ?? null,
        {
          import: imports,
          export: exports,
          approved: false,
          importedAt: null,
          exportedAt: null,
        },
      );
      home.backends = [...home.backends, card];
      changed("backends", "titles");
      return card.id;
    },
    async start_demo() {
      await wait(home.stepMs * 6);
      if (home.backends.length === 0) home.moveIn();
      home.demo = true;
      return changed(
        "backends",
        "runs",
        "owed",
        "titles",
        "journal",
        "tasks",
        "settings",
        "live",
        "watching",
        "connections",
      );
    },
    sync_now({ backends, preview }) {
      stillSo(preview);
      home.run(["import", "export"], backends ?? all(), preview !== undefined);
      return null;
    },
    import_now({ backend }) {
      home.run(["import"], [backend], false);
      return null;
    },
    export_now({ backend, preview }) {
      stillSo(preview);
      home.run(["export"], [backend], preview !== undefined);
      return null;
    },
    stop_run() {
      home.stop();
      return null;
    },
    pause_sync({ until }) {
      const morning = new Date();
      morning.setDate(morning.getDate() + 1);
      morning.setHours(7, 0, 0, 0);
      home.pausedUntil =
        until === null ? null : until === "30min" ? home.now() + 1800 : Math.floor(morning.getTime() / 1000);
      return changed("tasks", "backends");
    },
    async preview({ backends, since }) {
      await wait(home.stepMs * 5);
      const rows: PreviewRow[] = [];
      const before = since === undefined ? undefined : previews.get(since);
      const showed = (rows: PreviewRow[], row: PreviewRow): boolean =>
        rows.some((other) => other.backend === row.backend && other.titleId === row.titleId);
      const id = `p${previews.size + 1}`;
      const perBackend: Preview["perBackend"] = [];
      for (const backend of home.backends) {
        if (!backend.export || (backends && !backends.includes(backend.id))) continue;
        const sum = { backend: backend.id, name: backend.name, watch: 0, unwatch: 0, position: 0, total: 0, held: 0 };
        for (const title of home.owed(backend)) {
          const becomes = home.marksOf(title);
          const action = becomes.watched ? "watch" : becomes.positionMs !== null ? "start" : "unwatch";
          const held = home.heldOf(title.id);
          sum[held ? "held" : action === "watch" ? "watch" : action === "start" ? "position" : "unwatch"] += 1;
          sum.total += 1;
          rows.push({
            titleId: title.id,
            title: home.nameOf(title),
            backend: backend.id,
            action,
            was: home.shownOn(backend.id, title).marks,
            becomes,
            held,
            because: because(title.id % 7 === 0 ? "newer" : backend.approved ? "behind" : "union"),
            anew: false,
          });
        }
        perBackend.push(sum);
      }
      for (const row of rows) row.anew = before !== undefined && !showed(before, row);
      previews.set(id, rows);
      return {
        since: before
          ? {
              anew: rows.filter((row) => row.anew).length,
              gone: before.filter((row) => !showed(rows, row)).length,
            }
          : null,
        id,
        takenAt: home.now(),
        perBackend,
        troubles: home.backends.flatMap((backend) => (backend.trouble && backend.export ? [backend.trouble.what] : [])),
      };
    },
    preview_rows({ preview, backend, text, from, size }) {
      const wanted = (text ?? "").toLowerCase();
      const rows = (previews.get(preview) ?? []).filter(
        (row) => (backend === undefined || row.backend === backend) && row.title.toLowerCase().includes(wanted),
      );
      return { total: rows.length, rows: rows.slice(from, from + size) };
    },
    ...heldCommands(home, held, previews),
    ...backupCommands(home, shelf, previews, stillSo),
    async preview_undo(wish) {
      await wait(home.stepMs * 5);
      const lines = linesOf(home, wish);
      if (lines.length === 0) fail("notFound", "There is nothing left to be taken back.", "Look at the list again.");
      const id = `p${previews.size + 1}`;
      const [preview, rows] = undoing(home, id, lines);
      previews.set(id, rows);
      undos.set(id, lines);
      return preview;
    },
    undo({ preview }) {
      stillSo(preview);
      takeBack(home, undos.get(preview) ?? []);
      undos.delete(preview);
      return null;
    },
    snapshots: () => snapshotsOf(home),
    live: () => home.live,
    watching: () => watchingOf(home),
    runs: ({ from, size }) => ({ total: home.runs.length, rows: home.runs.slice(from, from + size) }),
    titles: (args) => find(home, args),
    title: ({ title }) => fullOf(home, titleOf(title)),
    mark_title({ title, watched }) {
      const one = titleOf(title);
      const was = home.marksOf(one);
      const became = watched
        ? { watched: true, positionMs: null, plays: was.plays + 1, playedAt: home.now() }
        : unwatched;
      home.changed.set(title, { marks: became, at: home.now() });
      home.write({
        title: { id: title, name: home.nameOf(one) },
        backend: null,
        what: "asked",
        was,
        became,
        because: because("asked"),
      });
      for (const backend of home.backends) {
        home.agreed.delete(`${backend.id} ${title}`);
        if (!backend.export || !backend.approved || backend.trouble || !isOn(backend.id, title)) continue;
        setTimeout(
          () => {
            home.agreed.add(`${backend.id} ${title}`);
            home.write({
              title: { id: title, name: home.nameOf(one) },
              backend: { id: backend.id, name: backend.name },
              what: "told",
              was,
              became,
              because: because("behind"),
            });
            changed("titles", "owed", "journal");
          },
          home.stepMs * 5 * backend.id,
        );
      }
      return changed("titles", "owed", "journal");
    },
    ignore_title({ title, ignored }) {
      if (ignored) home.ignored.add(title);
      else home.ignored.delete(title);
      return changed("titles", "owed");
    },
    async reread_title() {
      await wait(home.stepMs * 3);
      return changed("titles");
    },
    journal({ text, backend, what, from, size }) {
      const wanted = (text ?? "").toLowerCase();
      const rows = home.journal.filter(
        (line) =>
          line.title.name.toLowerCase().includes(wanted) &&
          (backend === undefined || line.backend?.id === backend) &&
          (what === undefined || line.what === what),
      );
      return { total: rows.length, rows: rows.slice(from, from + size) };
    },
    log({ level, size }) {
      const order = ["error", "warn", "info", "debug"];
      return home.log.filter((line) => order.indexOf(line.level) <= order.indexOf(level)).slice(0, size);
    },
    tasks: () =>
      home.tasks.map((task) => {
        const read = readCron(task.line, home.now());
        return { ...task, words: read.ok ? read.words : "", next: read.ok ? read.next : [] };
      }),
    set_task({ name, ...rest }) {
      const task = home.tasks.find((one) => one.name === name);
      if (task) Object.assign(task, rest);
      return changed("tasks");
    },
    read_cron: ({ line }) => readCron(line, home.now()),
    stop_task({ name }) {
      const task = home.tasks.find((one) => one.name === name);
      if (task) task.running = false;
      home.stop();
      return null;
    },
    run_task({ name }) {
      const task = home.tasks.find((one) => one.name === name);
      if (task) task.running = true;
      if (name === "import" || name === "export") home.run([name], all(), false);
      else if (name === "sync") home.run(["import", "export"], all(), false);
      else {
        setTimeout(() => {
          if (task) {
            task.running = false;
            task.last = { at: home.now(), ok: true, ms: home.stepMs * 8, says: "Done." };
          }
          if (name === "backup") shelf.backUp();
          changed("tasks", "backups");
        }, home.stepMs * 8);
      }
      return changed("tasks");
    },
    settings: () => home.settings.map((setting) => ({ ...setting })),
    set_setting({ name, value }) {
      const setting = home.settings.find((one) => one.name === name);
      if (setting) setting.value = value ?? setting.default;
      return changed("settings");
    },
    webhook_address: ({ backend }) => webhookOf(backendOf(backend).id),
    renew_webhook({ backend }) {
      home.webhooks.set(backend, (home.webhooks.get(backend) ?? 0) + 1);
      return webhookOf(backendOf(backend).id);
    },
    register_webhook({ backend }) {
      const one = backendOf(backend);
      if (one.kind === "emby")
        return fail(
          "usage",
          "Emby has no way for a program to enter a webhook.",
          "Enter the address yourself; the guide says where.",
        );
      return { already: false, advice: webhookOf(one.id).advice };
    },
    webhook_counts: () => ({
      state: setTo("WS_WEBHOOK") === "true" ? "listening" : "off",
      at: setTo("WS_WEBHOOK") === "true" ? webhooksAt() : null,
      trouble: null,
      received: 412,
      taken: 187,
      noMarks: 96,
      wrongSecret: 3,
      otherServer: 0,
      otherUser: 124,
      unreadable: 2,
      tooLarge: 0,
      tooSlow: 0,
      tooMany: 0,
      notKept: 0,
      backends: home.backends.slice(0, 1).map(({ id }) => ({ backend: id, taken: 187, lastAt: home.now() - 240 })),
    }),
    async support_bundle() {
      await wait(home.stepMs * 6);
      return { path: "/srv/watchstate/support.zip" };
    },
    about: () => ({
      version: "0.1.0",
      dataFolder: "/srv/watchstate",
      secrets: home.secrets,
      licence: "MIT",
      host: "browser",
      demo: home.demo,
    }),
  };
}

export function sample(asked: URLSearchParams): Host {
  const home = new Household(
    asked.get("scene") ?? "calm",
    Number(asked.get("titles") ?? 400),
    Number(asked.get("step") ?? 90),
  );
  const table = commands(home);
  const levers = new Levers(asked.get("fails"));
  const asks = window as unknown as {
    levers?: Levers;
    watch?: (many: number) => void;
    elsewhere?: (name: Name, args: unknown) => unknown;
  };
  asks.levers = levers;
  // What somebody does in another window.
  asks.elsewhere = (name, args) => (table[name] as (args: unknown) => unknown)(args);
  home.watchers = Number(asked.get("watching") ?? 0);
  asks.watch = (many) => {
    home.watchers = many;
    home.tell({ type: "changed", tags: ["watching"] });
  };
  return {
    async call(name, args) {
      const failure = await levers.pass(name);
      // An answer never comes in the same breath, here as in the app.
      await wait(name === "titles" ? 8 : 3);
      if (failure)
        return fail(
          failure,
          "The database is locked by another program.",
          "Close the other program. WatchState tries again by itself.",
        );
      return structuredClone(await (table[name] as (args: unknown) => unknown)(args)) as never;
    },
    listen: (hear) => home.listen(hear),
    open: () => Promise.resolve(),
  };
}
