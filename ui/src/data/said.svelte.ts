// Short words at the foot of the window: that something was done, or why it was not.
import type { Answer, Args, Name } from "../host/host";
import { asFailure, call } from "./call";

export interface Word {
  id: number;
  good: boolean;
  what: string;
  todo?: string;
}

class Said {
  words = $state.raw<Word[]>([]);
  private last = 0;

  say(what: string): void {
    this.add({ good: true, what });
  }

  fail(thrown: unknown): void {
    const { what, todo, kind } = asFailure(thrown);
    // Who cancelled knows it.
    if (kind !== "cancelled") this.add({ good: false, what, todo });
  }

  dismiss(id: number): void {
    this.words = this.words.filter((word) => word.id !== id);
  }

  private add(word: Omit<Word, "id">): void {
    const id = ++this.last;
    // The same said twice is said once.
    const others = this.words.filter((other) => other.what !== word.what);
    this.words = [...others.slice(-2), { id, ...word }];
    if (word.good) {
      setTimeout(() => {
        this.dismiss(id);
      }, 5000);
    }
  }
}

export const said = new Said();

/** Carries out a command that a person asked for; a failure is said at the foot of the window. */
export async function act<N extends Name>(name: N, args: Args<N>, done?: string): Promise<Answer<N> | undefined> {
  try {
    const answer = await call(name, args);
    if (done !== undefined) said.say(done);
    return answer;
  } catch (thrown) {
    said.fail(thrown);
    return undefined;
  }
}
