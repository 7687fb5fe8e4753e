import type { Commands, Event } from "../contract/contract";

export type Name = keyof Commands;
export type Args<N extends Name> = Commands[N][0];
export type Answer<N extends Name> = Commands[N][1];

/** What the page asks of whoever shows it. The window is one answer, a browser another, the sample a third. */
export interface Host {
  /** Carries out one command. What is thrown is a `Failure` where the app said one. */
  call<N extends Name>(name: N, args: Args<N>): Promise<Answer<N>>;
  /** Hears what the app tells by itself. Answers how to stop. */
  listen(hear: (event: Event) => void): () => void;
  /** Opens an address in the person's own browser. */
  open(url: string): Promise<void>;
}

/** The host that this page runs in. */
export async function findHost(): Promise<Host> {
  // A household made up in memory, to look at and to test with. Both conditions are known when the page is
  // built, so nothing of it is in the app's own page.
  if (import.meta.env.DEV || import.meta.env.MODE === "sample") {
    const asked = new URLSearchParams(location.search);
    if (asked.has("sample")) return (await import("./sample/sample")).sample(asked);
  }
  const { insideTauri, tauri } = await import("./tauri");
  if (insideTauri()) return tauri;
  return (await import("./browser")).browser;
}
