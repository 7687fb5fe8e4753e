// Titles that lost their watched mark in the sample household, and how much of it waits.
import type {
  AnswerHeld,
  BrakeRule,
  Brakes,
  Failure,
  HeldCount,
  HeldRow,
  HeldWish,
  Page,
  Preview,
  PreviewRow,
  Reason,
} from "../../contract/contract";
import type { Answer, Args } from "../host";
import type { Household } from "./household";
import { isOn, unwatched } from "./titles";

const rolledBack: Reason = {
  code: "rolled_back",
  says: "the latest marks there are gone all at once, as after restoring a back-up: held until you decide",
};
const tooMany: Reason = {
  code: "brake",
  says: "too many titles would become unwatched at once: held until you decide",
};
const refused: Reason = {
  code: "rejected",
  says: "refused by you: it stays watched, and the mark is restored there",
};
const approved: Reason = { code: "approved", says: "approved by you" };
const usual: BrakeRule = { off: false, atLeast: 20, percent: 5, latest: 10 };

/** What waits, and what was tuned. */
export class Held {
  rows: HeldRow[] = [];
  person: BrakeRule | null = null;
  own = new Map<number, BrakeRule>();

  constructor(private readonly home: Household) {
    if (home.scene === "lost") {
      this.lose(2, 31, rolledBack);
      this.lose(3, 64, tooMany);
    }
    if (home.scene === "unheld") this.person = { ...usual, off: true };
  }

  private lose(backend: number, most: number, because: Reason): void {
    const now = this.home.now();
    for (const title of this.home.titles) {
      if (this.rows.filter((row) => row.backend === backend).length >= most) break;
      if (!isOn(backend, title.id) || !this.home.marksOf(title).watched) continue;
      this.rows.push({
        item: title.id * 10 + backend,
        titleId: title.id,
        title: this.home.nameOf(title),
        backend,
        was: { watched: true, positionMs: null },
        now: { watched: false, positionMs: null },
        because,
        since: now - 9000,
        seenAt: now - 1900,
      });
    }
  }

  of(backend: number): HeldRow[] {
    return this.rows.filter((row) => row.backend === backend);
  }

  counts(): HeldCount[] {
    return this.home.backends.flatMap((backend) => {
      const rows = this.of(backend.id);
      const [first] = rows;
      if (!first) return [];
      return [
        {
          backend: backend.id,
          name: backend.name,
          count: rows.length,
          reasons: [{ because: first.because, count: rows.length }],
          sample: rows.slice(0, 3).map(({ title }) => title),
        },
      ];
    });
  }

  page({ backend, text, from, size }: HeldWish): Page<HeldRow> {
    const wanted = (text ?? "").toLowerCase();
    const rows = this.rows.filter(
      (row) => (backend === undefined || row.backend === backend) && row.title.toLowerCase().includes(wanted),
    );
    return { total: rows.length, rows: rows.slice(from, from + size) };
  }

  private meant({ backend, items }: AnswerHeld): HeldRow[] {
    return this.rows.filter(
      (row) =>
        (backend === undefined || row.backend === backend) && (items === undefined || items.includes(row.item)),
    );
  }

  /** What would be written after an answer. */
  preview(wish: AnswerHeld): { rows: PreviewRow[]; perBackend: Preview["perBackend"] } {
    const rows: PreviewRow[] = [];
    const watched = { watched: true, positionMs: null };
    for (const held of this.meant(wish)) {
      const { titleId, title } = held;
      if (wish.say === "reject") {
        const [was, becomes] = [{ watched: false, positionMs: null }, watched];
        rows.push({
          titleId, title, backend: held.backend, action: "watch", was, becomes, because: refused, held: null, anew: false,
        });
        continue;
      }
      for (const backend of this.home.backends) {
        if (backend.id === held.backend || !backend.export || !isOn(backend.id, titleId)) continue;
        const becomes = { watched: false, positionMs: null };
        rows.push({
          titleId, title, backend: backend.id, action: "unwatch", was: watched, becomes, because: approved, held: null,
          anew: false,
        });
      }
    }
    const perBackend = this.home.backends
      .filter((backend) => backend.export)
      .map((backend) => {
        const these = rows.filter((row) => row.backend === backend.id).length;
        const [watch, unwatch] = wish.say === "reject" ? [these, 0] : [0, these];
        return { backend: backend.id, name: backend.name, watch, unwatch, position: 0, total: these, held: 0 };
      });
    return { rows, perBackend };
  }

  answer(wish: AnswerHeld): void {
    const meant = this.meant(wish);
    this.rows = this.rows.filter((row) => !meant.includes(row));
    for (const { titleId, title, backend } of meant.slice(0, 20)) {
      const name = this.home.backends.find(({ id }) => id === backend)?.name ?? "";
      const watched = { watched: true, positionMs: null };
      this.home.write({
        title: { id: titleId, name: title },
        backend: { id: backend, name },
        what: wish.say === "reject" ? "kept" : "took",
        was: wish.say === "reject" ? unwatched : watched,
        became: wish.say === "reject" ? watched : unwatched,
        because: wish.say === "reject" ? refused : approved,
      });
    }
  }

  brakes(): Brakes {
    const passes = (rule: BrakeRule): boolean => rule.off || rule.percent >= 100;
    const off: string[] = [];
    if (this.person !== null && passes(this.person))
      off.push("Nothing asks you before many titles become unwatched at once");
    const backends = this.home.backends.flatMap(({ id, name }) => {
      const rule = this.own.get(id);
      return rule ? [{ backend: id, name, rule }] : [];
    });
    for (const { name, rule } of backends) {
      if (passes(rule))
        off.push(`Nothing asks you before the titles that lose their marks on ${name} become unwatched`);
    }
    return { usual, person: this.person, backends, off };
  }

  tune(backend: number | undefined, rule: BrakeRule | null): void {
    if (backend === undefined) this.person = rule;
    else if (rule === null) this.own.delete(backend);
    else this.own.set(backend, rule);
  }
}

type HeldNames = "held_counts" | "held" | "preview_answer" | "answer_held" | "brakes" | "set_brake";

/** The commands about what waits. */
export function heldCommands(
  home: Household,
  held: Held,
  previews: Map<string, PreviewRow[]>,
): { [N in HeldNames]: (args: Args<N>) => Answer<N> | Promise<Answer<N>> } {
  return {
    held_counts: () => held.counts(),
    held: (wish) => held.page(wish),
    async preview_answer(wish) {
      await new Promise((done) => setTimeout(done, home.stepMs * 5));
      const { rows, perBackend } = held.preview(wish);
      const id = `p${previews.size + 1}`;
      previews.set(id, rows);
      return { id, takenAt: home.now(), perBackend, troubles: [], since: null };
    },
    answer_held(wish) {
      held.answer(wish);
      home.run(
        ["export"],
        home.backends.map(({ id }) => id),
        false,
      );
      home.tell({ type: "changed", tags: ["backends", "owed", "titles", "journal"] });
      return null;
    },
    brakes: () => held.brakes(),
    set_brake({ backend, rule }) {
      held.tune(backend, rule);
      home.tell({ type: "changed", tags: ["settings", "backends"] });
      return null;
    },
  };
}

/** In the scene `stale` somebody watches something between the first look and the yes. */
export function surprise(home: Household): (preview: string | undefined) => void {
  let happened = home.scene !== "stale";
  return (preview) => {
    if (preview === undefined || happened) return;
    happened = true;
    const other = home.titles.find((title) => isOn(1, title.id) && home.shownOn(1, title).agrees);
    if (other) home.changed.set(other.id, { marks: { ...unwatched, watched: true, plays: 1 }, at: home.now() });
    throw {
      kind: "changed",
      what: "Something changed since this preview was made.",
      todo: "Look at what would be changed now, then start again.",
    } satisfies Failure;
  };
}
