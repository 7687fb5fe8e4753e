// What can be taken back in the sample household, and what becomes of it.
import type { JournalLine, PreviewRow, Snapshot, UndoLeft, UndoPreview, UndoWish } from "../../contract/contract";
import { because, type Household } from "./household";

/** The lines of the journal that are meant, the latest first. */
export function linesOf(home: Household, wish: UndoWish): JournalLine[] {
  if (wish.snapshot !== undefined) {
    const snapshot = snapshotsOf(home).find(({ id }) => id === wish.snapshot);
    return home.journal.filter(
      (line) =>
        line.canUndo &&
        line.what === "told" &&
        line.backend?.id === snapshot?.backend.id &&
        line.at >= (snapshot?.takenAt ?? 0),
    );
  }
  return home.journal.filter(
    (line) =>
      line.canUndo &&
      (wish.run === undefined || line.run === wish.run) &&
      (wish.line === undefined || line.id === wish.line) &&
      (wish.title === undefined || line.title.id === wish.title),
  );
}

/** So many of those that are left are named; the app names more. */
const NAMED = 12;

const isLeft = (line: JournalLine): boolean => line.id % 5 === 4;

/** What taking them back would write, and what is left as it is. */
export function undoing(home: Household, id: string, lines: JournalLine[]): [UndoPreview, PreviewRow[]] {
  const rows = lines
    .filter((line) => line.backend !== null && !isLeft(line))
    .map((line): PreviewRow => {
      const action = line.was.watched ? "watch" : line.was.positionMs !== null ? "start" : "unwatch";
      return {
        titleId: line.title.id,
        title: line.title.name,
        backend: line.backend!.id,
        action,
        was: line.became,
        becomes: line.was,
        held: home.heldOf(line.title.id),
        anew: false,
        because: because("undone"),
      };
    });
  const perBackend = home.backends
    .map((backend) => {
      const these = rows.filter((row) => row.backend === backend.id);
      const of = (action: string): number => these.filter((row) => !row.held && row.action === action).length;
      return {
        backend: backend.id,
        name: backend.name,
        watch: of("watch"),
        unwatch: of("unwatch"),
        position: of("start"),
        total: these.length,
        held: these.filter((row) => row.held).length,
      };
    })
    .filter(({ total }) => total > 0);
  const left: UndoLeft[] = lines
    .filter((line) => isLeft(line) || line.backend?.id === 1)
    .map((line) => ({
      title: line.title,
      backend: line.backend,
      because: because(isLeft(line) ? "changedSince" : "traces"),
      partly: !isLeft(line),
    }));
  const titles = new Set(lines.map((line) => line.title.id)).size;
  const holds = lines.filter((line) => line.what !== "told").length;
  const preview = { id, takenAt: home.now(), perBackend, troubles: [], since: null };
  return [{ ...preview, titles, holds, left: left.slice(0, NAMED), leftTotal: left.length }, rows];
}

/** What servers showed before something was written to them. */
export function snapshotsOf(home: Household): Snapshot[] {
  return home.runs
    .filter((run) => run.task !== "import" && run.written > 0)
    .slice(0, 40)
    .map((run) => ({
      id: run.id,
      backend: { id: run.backend, name: run.name },
      run: run.id,
      takenAt: run.startedAt,
      items: home.backends.find((backend) => backend.id === run.backend)?.items ?? 0,
      bytes: 31_000 + run.id * 17,
    }));
}

/** Takes them back. */
export function takeBack(home: Household, lines: JournalLine[]): void {
  const backend = lines.find((line) => line.backend !== null)?.backend ?? home.backends[0];
  const id = Math.max(0, ...home.runs.map((run) => run.id)) + 1;
  let written = 0;
  for (const line of lines.filter((line) => !isLeft(line))) {
    line.canUndo = false;
    const { title, backend: on, what } = line;
    home.write({ title, backend: on, what, was: line.became, became: line.was, because: because("undone") }, id);
    if (line.what === "told") home.agreed.delete(`${line.backend?.id ?? 0} ${line.title.id}`);
    written += 1;
  }
  for (const run of home.runs) run.canUndo = home.journal.some((line) => line.run === run.id && line.canUndo);
  if (!backend) return;
  home.runs.unshift({
    id,
    task: "undo",
    backend: backend.id,
    name: backend.name,
    startedAt: home.now(),
    endedAt: home.now(),
    mode: null,
    ok: true,
    seen: lines.length,
    added: 0,
    changed: 0,
    unchanged: 0,
    unmatched: 0,
    planned: written,
    written,
    already: 0,
    held: 0,
    failed: 0,
    requests: 3 * written,
    bytes: 21_000,
    ms: 900,
    error: null,
    canUndo: written > 0,
  });
  home.tell({ type: "changed", tags: ["runs", "backends", "owed", "titles", "journal", "live"] });
}
