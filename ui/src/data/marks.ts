// Marks in words, and names of titles.
import type { Action, JournalWhat, Mark, Preview, TitleRow } from "../contract/contract";
import { position } from "./say";

export type Look = "watched" | "started" | "unwatched" | "again";

export function lookOf(marks: Mark): Look {
  if (marks.watched) return marks.positionMs === null ? "watched" : "again";
  return marks.positionMs === null ? "unwatched" : "started";
}

/** "Watched", "Started, at 42:10", "Not watched", "Watched, again at 12:03" */
export function inWords(marks: Mark): string {
  const at = marks.positionMs === null ? "" : position(marks.positionMs);
  return {
    watched: "Watched",
    again: `Watched, again at ${at}`,
    started: `Started, at ${at}`,
    unwatched: "Not watched",
  }[lookOf(marks)];
}

const two = (n: number): string => String(n).padStart(2, "0");

/** "S02E05", or nothing for a movie. */
export function numbered(row: Pick<TitleRow, "season" | "episode">): string {
  if (row.season === null || row.episode === null) return "";
  return `S${two(row.season)}E${two(row.episode)}`;
}

export const journalWords: Record<JournalWhat, { title: string; tone: "good" | "busy" | "pending" | "bad" | "quiet" }> =
  {
    took: { title: "Learnt", tone: "good" },
    kept: { title: "Kept", tone: "quiet" },
    held: { title: "Held back", tone: "pending" },
    told: { title: "Told", tone: "busy" },
    parked: { title: "Gave up", tone: "bad" },
    gone: { title: "Gone", tone: "quiet" },
    asked: { title: "You asked", tone: "busy" },
  };

/** The sum of what a preview would write; what is held back all the same is not. */
export function totalOf(preview: Preview): number {
  return preview.perBackend.reduce((sum, part) => sum + part.total - part.held, 0);
}

/** The sum of what a preview shows, with what is held back. */
export function shownOf(preview: Preview): number {
  return preview.perBackend.reduce((sum, part) => sum + part.total, 0);
}

const actions: Record<Action, string> = {
  watch: "Mark watched",
  unwatch: "Mark not watched",
  start: "Set position",
  again: "Set position",
  clear: "Clear position",
  played: "Set date",
};

/** What a change does, in words. */
export function actionWords(action: Action): string {
  return actions[action];
}
