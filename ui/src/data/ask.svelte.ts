// Questions to the app and their answers, shared by whoever asks the same, asked anew when they became stale.
import { untrack } from "svelte";
import { TAGS, type Failure } from "../contract/contract";
import type { Answer, Args, Name } from "../host/host";
import { asFailure, call, whenChanged } from "./call";

/** A stale answer is asked again after this long at the earliest: a run changes things many times a second. */
const BREATH_MS = 200;
/** A failed question is asked again after this long. */
const HEAL_MS = 5000;
const REMEMBERED = 60;

class Question<N extends Name> {
  answer = $state.raw<Answer<N>>();
  failure = $state.raw<Failure>();
  asking = $state(false);
  watchers = 0;
  private again = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly name: N,
    readonly args: Args<N>,
  ) {}

  /** Asks now, or right after the answer that is on its way. */
  async ask(): Promise<void> {
    if (this.asking) {
      this.again = true;
      return;
    }
    this.asking = true;
    do {
      this.again = false;
      try {
        this.answer = await call(this.name, this.args);
        this.failure = undefined;
      } catch (thrown) {
        this.failure = asFailure(thrown);
        this.healLater();
      }
      // Set while the answer was on its way.
    } while (this.again as boolean);
    this.asking = false;
  }

  /** What failed is asked again by itself, for as long as someone looks: troubles pass. */
  private healLater(): void {
    setTimeout(() => {
      if (this.watchers > 0 && this.failure) void this.ask();
    }, HEAL_MS);
  }

  becameStale(): void {
    if (this.watchers === 0) {
      forget(this);
      return;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.ask();
    }, BREATH_MS);
  }
}

const questions = new Map<string, Question<Name>>();

function forget(question: Question<Name>): void {
  questions.delete(keyOf(question.name, question.args));
}

function keyOf(name: Name, args: unknown): string {
  return `${name} ${JSON.stringify(args)}`;
}

whenChanged((tags) => {
  for (const question of [...questions.values()]) {
    if (TAGS[question.name].reads.some((tag) => tags.includes(tag))) question.becameStale();
  }
});

function questionOf<N extends Name>(name: N, args: Args<N>): Question<N> {
  const key = keyOf(name, args);
  let known = questions.get(key) as Question<N> | undefined;
  if (!known) {
    // What nobody looks at any more is remembered for a while, so that going back shows it at once.
    if (questions.size > REMEMBERED) {
      for (const old of questions.values()) if (old.watchers === 0) forget(old);
    }
    known = new Question(name, args);
    questions.set(key, known);
  }
  return known;
}

export interface Asked<N extends Name> {
  /** The answer; while another one is on its way, the one before it. */
  readonly answer: Answer<N> | undefined;
  readonly failure: Failure | undefined;
  readonly asking: boolean;
  again: () => void;
}

/**
 * Asks the app for as long as the component lives. `args` is read like any other rune, so a changed argument asks
 * anew; null asks nothing.
 */
export function ask<N extends Name>(name: N, args: () => Args<N> | null): Asked<N> {
  let question = $state.raw<Question<N>>();
  let before = $state.raw<Answer<N>>();
  const key = $derived.by(() => {
    const now = args();
    return now === null ? null : JSON.stringify(now);
  });

  $effect(() => {
    if (key === null) {
      question = undefined;
      return;
    }
    const asked = questionOf(name, JSON.parse(key) as Args<N>);
    asked.watchers += 1;
    question = asked;
    // Only another argument asks anew, not what the question itself changes while it is asked.
    untrack(() => void asked.ask());
    return () => {
      asked.watchers -= 1;
      before = asked.answer ?? before;
      // A refused question is not remembered: the next one who asks it hears afresh.
      if (asked.watchers === 0 && asked.failure) forget(asked);
    };
  });

  return {
    get answer() {
      return question?.answer ?? (key === null ? undefined : before);
    },
    get failure() {
      return question?.failure;
    },
    get asking() {
      return question?.asking ?? key !== null;
    },
    again() {
      void question?.ask();
    },
  };
}
