// Backups of the sample household: a file for each server, one that is not whole, and one of another program.
import type { BackupFile, Failure, NotMatched, Preview, PreviewRow, RestoreWay } from "../../contract/contract";
import type { Answer, Args } from "../host";
import { because, type Household } from "./household";
import { isOn, unwatched } from "./titles";

const stamp = (at: number): string => new Date(at * 1000).toISOString().replace(/[-:]/g, "").slice(0, 15).replace("T", "-");

function fileOf(home: Household, backend: { name: string; kind: string }, at: number): BackupFile {
  const file = `main.${backend.name.toLowerCase().replaceAll(" ", "-")}.${stamp(at)}.json`;
  const titles = Math.max(0, home.titles.length - backend.name.length);
  return {
    id: file,
    file,
    madeAt: at,
    person: "main",
    backend: backend.name,
    kind: backend.kind,
    titles,
    bytes: 240 * titles + 300,
    form: "ours",
  };
}

/** What was backed up before anybody looked. */
function firstBackups(home: Household): BackupFile[] {
  if (home.scene === "empty" || home.scene === "waits") return [];
  const days = [2, 5, 8, 11];
  const made = days.flatMap((day) => home.backends.map((backend) => fileOf(home, backend, home.now() - day * 86_400)));
  const cut: BackupFile = {
    ...fileOf(home, { name: "Den", kind: "jellyfin" }, home.now() - 14 * 86_400),
    titles: null,
    form: "damaged",
  };
  const theirs: BackupFile = {
    id: "main.plex.20240301.json.zip",
    file: "main.plex.20240301.json.zip",
    madeAt: home.now() - 60 * 86_400,
    person: null,
    backend: null,
    kind: null,
    titles: null,
    bytes: 48_213,
    form: "other",
  };
  return [...made, cut, theirs];
}

/** One more of each server. */
function backedUp(home: Household): BackupFile[] {
  return home.backends.map((backend) => fileOf(home, backend, home.now()));
}

/** Entries of any backup that mean nothing here. */
const notMatched: NotMatched[] = [
  { name: "Home video 2009", watched: true, because: because("noIds") },
  { name: "The Lost Tape (1971)", watched: true, because: because("nobody") },
  { name: "Kaguya-sama S01E13 Special", watched: false, because: because("nobody") },
];

/** What restoring would change: a few marks come back, and exactly as in the backup a few go. */
function restores(
  home: Household,
  backends: readonly number[],
  way: RestoreWay,
): { rows: PreviewRow[]; perBackend: Preview["perBackend"] } {
  const rows: PreviewRow[] = [];
  const perBackend = home.backends
    .filter((backend) => backends.includes(backend.id))
    .map((backend) => {
      const sum = { backend: backend.id, name: backend.name, watch: 0, unwatch: 0, position: 0, total: 0, held: 0 };
      for (const title of home.titles) {
        if (!isOn(backend.id, title.id)) continue;
        const was = home.shownOn(backend.id, title).marks;
        const comes = !was.watched && title.id % 5 === 0;
        const goes = way === "exact" && was.watched && title.id % 31 === 0;
        if (!comes && !goes) continue;
        const held = home.heldOf(title.id);
        sum[held ? "held" : comes ? "watch" : "unwatch"] += 1;
        sum.total += 1;
        rows.push({
          titleId: title.id,
          title: home.nameOf(title),
          backend: backend.id,
          action: comes ? "watch" : "unwatch",
          was,
          becomes: comes ? { watched: true, positionMs: null } : unwatched,
          held,
          because: because(comes ? "restoredFromBackup" : "notInBackup"),
          anew: false,
        });
      }
      return sum;
    });
  return { rows, perBackend };
}

type Names = "backups" | "offer_backup" | "preview_restore" | "not_matched" | "restore_now" | "export_history";

/** The shelf of the backups. */
export class Shelf {
  private files: BackupFile[] | undefined;

  constructor(private readonly home: Household) {}

  list(): BackupFile[] {
    return (this.files ??= firstBackups(this.home));
  }

  /** One more of each server. */
  backUp(): void {
    this.files = [...backedUp(this.home), ...this.list()];
  }
}

export function backupCommands(
  home: Household,
  shelf: Shelf,
  previews: Map<string, PreviewRow[]>,
  stillSo: (preview: string) => void,
): { [N in Names]: (args: Args<N>) => Answer<N> | Promise<Answer<N>> } {
  const offers = new Map<string, number>();
  const pass = (steps: number): Promise<void> => new Promise((done) => setTimeout(done, home.stepMs * steps));
  return {
    backups: () => ({ folder: "/srv/watchstate/backups", files: shelf.list() }),
    offer_backup({ offer, part }) {
      const id = offer ?? `.offer-${offers.size + 1}`;
      const bytes = (offers.get(id) ?? 0) + Math.floor((part.length * 3) / 4);
      offers.set(id, bytes);
      return { offer: id, bytes };
    },
    async preview_restore({ backup, backends, way }) {
      await pass(5);
      if ((offers.get(backup) ?? 40) < 40)
        throw {
          kind: "usage",
          what: "This is no backup: line 1 cannot be read.",
          todo: "Choose another file, or an older backup.",
        } satisfies Failure;
      const { rows, perBackend } = restores(home, backends, way);
      const id = `p${previews.size + 1}`;
      previews.set(id, rows);
      return {
        preview: { id, takenAt: home.now(), perBackend, troubles: [], since: null },
        entries: home.titles.length,
        matched: home.titles.length - notMatched.length,
        notMatched: notMatched.length,
      };
    },
    not_matched({ text, from, size }) {
      const rows = notMatched.filter(({ name }) => name.toLowerCase().includes((text ?? "").toLowerCase()));
      return { total: rows.length, rows: rows.slice(from, from + size) };
    },
    restore_now({ preview }) {
      stillSo(preview);
      home.run(
        ["export"],
        home.backends.map(({ id }) => id),
        true,
      );
      return null;
    },
    async export_history() {
      await pass(4);
      return { path: "/srv/watchstate/backups/main.history.csv", titles: home.titles.length };
    },
  };
}
