// The one way from the page to the app. Answers are cached elsewhere; here, only what became stale is told.
import { TAGS, type Event, type Failure, type Live, type Tag } from "../contract/contract";
import type { Answer, Args, Host, Name } from "../host/host";
import { advised } from "./say";

let host: Host | undefined;
const onChanged = new Set<(tags: readonly Tag[]) => void>();
const onLive = new Set<(live: Live[]) => void>();

/** Takes the host, once, before anything is shown. */
export function start(with_: Host): void {
  host = with_;
  host.listen(hear);
}

function hear(event: Event): void {
  if (event.type === "changed") for (const tell of onChanged) tell(event.tags);
  else for (const tell of onLive) tell(event.live);
}

/** Carries out a command, and tells whoever shows what it changed. */
export async function call<N extends Name>(name: N, args: Args<N>): Promise<Answer<N>> {
  if (!host) throw noHost;
  const answer = await host.call(name, args);
  const tags = TAGS[name].changes;
  if (tags.length > 0) for (const tell of onChanged) tell(tags);
  return answer;
}

/** Opens an address in the person's own browser. */
export function openOutside(url: string): Promise<void> {
  return host ? host.open(url) : Promise.resolve();
}

/** Hears which tags became stale. Answers how to stop. */
export function whenChanged(tell: (tags: readonly Tag[]) => void): () => void {
  onChanged.add(tell);
  return () => onChanged.delete(tell);
}

/** Hears each step of what goes on now. Answers how to stop. */
export function whenLive(tell: (live: Live[]) => void): () => void {
  onLive.add(tell);
  return () => onLive.delete(tell);
}

const noHost: Failure = {
  kind: "internal",
  what: "The page was not started by WatchState.",
  todo: "Close the window and open WatchState again.",
};

/** What was thrown, as something that can be shown: nothing is ever swallowed, nothing is shown raw. */
export function asFailure(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "what" in thrown && "todo" in thrown) return advised(thrown as Failure);
  return {
    kind: "internal",
    what: "Something went wrong in the window itself.",
    todo: "Try again. If it stays, make a support bundle in Settings and report it.",
  };
}
