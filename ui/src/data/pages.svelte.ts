// A list of any length, read page by page as it is looked at.
import { untrack } from "svelte";
import { TAGS, type Commands, type Failure, type Page } from "../contract/contract";
import type { Args } from "../host/host";
import { asFailure, call, whenChanged } from "./call";

const SIZE = 100;
/** Pages that are kept beside those in sight. */
const KEPT = 40;
const BREATH_MS = 250;
/** What failed is read again by itself after this long: troubles pass. */
const HEAL_MS = 5000;

/** The commands that answer with pages. */
type Paged = "titles" | "journal" | "runs" | "preview_rows" | "held" | "not_matched";
type Row<N extends Paged> = Commands[N][1] extends Page<infer T> ? T : never;
type Asked<N extends Paged> = Omit<Args<N>, "from" | "size">;

export interface Pages<T> {
  readonly total: number | undefined;
  readonly failure: Failure | undefined;
  /** Whether what is shown still answers an earlier question. */
  readonly turning: boolean;
  row: (at: number) => T | undefined;
  /** Says which rows are in sight. */
  look: (from: number, to: number) => void;
  again: () => void;
}

/** Reads a list for as long as the component lives. A changed argument shows its rows as soon as they are there. */
export function pages<N extends Paged>(name: N, args: () => Asked<N> | null): Pages<Row<N>> {
  let total = $state<number>();
  let failure = $state.raw<Failure>();
  let turning = $state(false);
  // Rows are replaced a page at a time; the count tells those who read them.
  let turned = $state(0);
  let held = new Map<number, Row<N>[]>();
  let onTheWay = new Set<number>();
  let stale = new Set<number>();
  let question: Asked<N> | null = null;
  let round = 0;
  let sight = { from: 0, to: 0 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let healing: ReturnType<typeof setTimeout> | undefined;

  const key = $derived.by(() => {
    const now = args();
    return now === null ? null : JSON.stringify(now);
  });

  async function fetchPage(page: number): Promise<void> {
    if (question === null || onTheWay.has(page)) return;
    const asked = round;
    const first = turning;
    onTheWay.add(page);
    stale.delete(page);
    try {
      const args = { ...question, from: page * SIZE, size: SIZE } as unknown as Args<N>;
      const answer = (await call(name, args)) as Page<Row<N>>;
      if (asked !== round) return;
      if (first && turning) held = new Map();
      turning = false;
      held.set(page, answer.rows);
      total = answer.total;
      failure = undefined;
    } catch (thrown) {
      if (asked !== round) return;
      failure = asFailure(thrown);
      turning = false;
      clearTimeout(healing);
      healing = setTimeout(startAgain, HEAL_MS);
    } finally {
      if (asked === round) {
        onTheWay.delete(page);
        turned += 1;
      }
    }
  }

  function fill(): void {
    if (turning) return;
    const first = Math.floor(Math.max(0, sight.from) / SIZE);
    const last = Math.floor(Math.max(0, Math.min(sight.to, (total ?? 1) - 1)) / SIZE);
    for (let page = first; page <= last; page += 1) {
      if (!held.has(page) || stale.has(page)) void fetchPage(page);
    }
    for (const page of held.keys()) {
      if (held.size <= KEPT) break;
      if (page < first - 2 || page > last + 2) held.delete(page);
    }
  }

  function startAgain(): void {
    round += 1;
    onTheWay = new Set();
    stale = new Set();
    turning = true;
    void fetchPage(0);
  }

  $effect(() => {
    if (key === null) {
      question = null;
      return;
    }
    question = JSON.parse(key) as Asked<N>;
    // Only another argument starts again, not what the reading itself changes.
    untrack(startAgain);
  });

  $effect(() => {
    const stop = whenChanged((tags) => {
      if (!TAGS[name].reads.some((tag) => tags.includes(tag))) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        stale = new Set(held.keys());
        fill();
      }, BREATH_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
      clearTimeout(healing);
      timer = undefined;
    };
  });

  return {
    get total() {
      return total;
    },
    get failure() {
      return failure;
    },
    get turning() {
      return turning;
    },
    row(at) {
      void turned;
      return held.get(Math.floor(at / SIZE))?.[at % SIZE];
    },
    look(from, to) {
      sight = { from, to };
      fill();
    },
    again() {
      failure = undefined;
      startAgain();
    },
  };
}
