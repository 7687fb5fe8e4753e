// What became of webhooks, in words.
import type { WebhookCounts } from "../contract/contract";

type Fate = Exclude<keyof WebhookCounts, "state" | "at" | "trouble" | "received" | "backends">;

const fates: Record<Fate, string> = {
  taken: "taken",
  noMarks: "without marks",
  otherUser: "of another user",
  otherServer: "of another server",
  wrongSecret: "wrong address",
  unreadable: "not understood",
  tooLarge: "too large",
  tooSlow: "too slow",
  tooMany: "too many",
  notKept: "not kept",
};

/** What became of those that came; what never happened is left out. */
export function becameOf(counts: WebhookCounts): { title: string; many: number }[] {
  return Object.entries(fates)
    .map(([fate, title]) => ({ title, many: counts[fate as Fate] }))
    .filter(({ many }) => many > 0);
}
