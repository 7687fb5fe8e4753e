// What is being played, in words: where it is, how far, and where it will be written.
import type { GoesHow, Watching } from "../contract/contract";
import { position } from "./say";

/** Names of servers with the words around them. */
export interface Where {
  state: GoesHow;
  before: string;
  names: string[];
  after: string;
}

const words: Record<GoesHow, (many: boolean) => [before: string, after: string]> = {
  waits: () => ["Will be written to ", ""],
  told: () => ["Written so far to ", ""],
  playsThere: (many) => ["", many ? " play it too, and are told afterwards" : " plays it too, and is told afterwards"],
  needsYou: (many) => ["", many ? " wait for your yes" : " waits for your yes"],
  exportOff: () => ["Never written to ", ""],
};
const order: readonly GoesHow[] = ["told", "waits", "playsThere", "needsYou", "exportOff"];

/** Where it goes: the servers that stand alike together. */
export function whereTo({ goesTo }: Watching): Where[] {
  return order.flatMap((state) => {
    const names = goesTo.filter((to) => to.state === state).map((to) => to.name);
    if (names.length === 0) return [];
    const [before, after] = words[state](names.length > 1);
    return [{ state, before, names, after }];
  });
}

/** "42:10 of 1:38:00", "42:10", or nothing where the server does not say. */
export function howFar({ positionMs, durationMs }: Watching): string {
  if (positionMs === null) return "";
  return durationMs === null ? position(positionMs) : `${position(positionMs)} of ${position(durationMs)}`;
}

/** A name for each, so that a list knows which is which when others come and go. */
export function keyed(all: readonly Watching[]): { key: string; one: Watching }[] {
  const seen = new Map<string, number>();
  return all.map((one) => {
    const plain = `${one.backend.id} ${one.title?.id ?? ""} ${one.device ?? ""} ${one.sinceAt}`;
    const nth = seen.get(plain) ?? 0;
    seen.set(plain, nth + 1);
    return { key: `${plain} ${nth}`, one };
  });
}
