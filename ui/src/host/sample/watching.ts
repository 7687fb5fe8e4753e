// What is being played in the sample household, and how its servers are listened to.
import type { BackendCard, Connection, GoesTo, Watching } from "../../contract/contract";
import type { Household } from "./household";
import type { SampleTitle } from "./titles";

/** What is played by how many: who, what, where and how far. */
interface Plays {
  backend: number;
  /** Nothing for what no import has seen. */
  title: number | null;
  device: string | null;
  part: number | null;
  paused?: boolean;
  /** Servers that are told already; the others that take part still wait. */
  told: number[];
}

const plays: Plays[] = [
  { backend: 2, title: 24, device: "Living room TV", part: 0.42, told: [1] },
  { backend: 1, title: 14, device: "Ana's phone", part: 0.07, paused: true, told: [] },
  { backend: 3, title: 9, device: "تلفاز غرفة النوم", part: 0.81, told: [1, 2] },
  { backend: 1, title: 24, device: null, part: 0.4, told: [] },
  { backend: 2, title: null, device: "A browser", part: null, told: [] },
];

function goes(home: Household, here: number, title: number, told: number[]): GoesTo[] {
  return home.backends
    .filter((backend) => backend.id !== here)
    .map((backend) => ({
      backend: backend.id,
      name: backend.name,
      state: !backend.export
        ? "exportOff"
        : !backend.approved
          ? "needsYou"
          : plays.slice(0, home.watchers).some((other) => other.backend === backend.id && other.title === title)
            ? "playsThere"
            : told.includes(backend.id)
              ? "told"
              : "waits",
    }));
}

export function watchingOf(home: Household): Watching[] {
  return plays.slice(0, home.watchers).flatMap((one, at): Watching[] => {
    const backend = home.backends.find((other) => other.id === one.backend);
    if (!backend) return [];
    const title: SampleTitle | undefined = one.title === null ? undefined : home.titles[one.title - 1];
    const taken = backend.import === "on";
    return [
      {
        backend: { id: backend.id, name: backend.name },
        person: backend.user,
        title: title
          ? { id: title.id, name: title.name, show: title.show, season: title.season, episode: title.episode }
          : null,
        positionMs: title && one.part !== null ? Math.round(title.durationMs * one.part) : null,
        durationMs: title?.durationMs ?? null,
        paused: one.paused ?? false,
        device: one.device,
        sinceAt: home.start + at,
        goesTo: title && taken ? goes(home, backend.id, title.id, one.told) : [],
        stays: !title
          ? "No import has seen this title yet"
          : taken
            ? null
            : "Marks of this server are not taken",
      },
    ];
  });
}

const quiet: Connection = {
  state: "off",
  sinceAt: null,
  why: "What happens on it is found by the next import",
  askedEveryS: null,
  lastHour: { requests: 0, bytes: 0 },
  dropped: 0,
};

/** How a server is listened to, by its kind. */
export function listens(backend: Pick<BackendCard, "kind" | "import" | "trouble">, now: number): Connection {
  if (backend.import === "off") return { ...quiet, why: "Nothing is read from it, because its import is off" };
  if (backend.trouble)
    return {
      ...quiet,
      state: "offline",
      sinceAt: now - 5400,
      why: "Nothing answers at its address",
      lastHour: { requests: 24, bytes: 0 },
    };
  switch (backend.kind) {
    case "plex":
      return {
        ...quiet,
        state: "live",
        sinceAt: now - 8000,
        why: null,
        askedEveryS: 30,
        lastHour: { requests: 121, bytes: 96_400 },
        dropped: 38,
      };
    case "jellyfin":
      return { ...quiet, state: "live", sinceAt: now - 8000, why: null, lastHour: { requests: 4, bytes: 6_300 } };
    case "emby":
      return {
        ...quiet,
        state: "polling",
        sinceAt: now - 2000,
        why: "Its socket is closed by something on the way",
        askedEveryS: 60,
        lastHour: { requests: 62, bytes: 41_800 },
      };
    case "kodi":
      return quiet;
  }
}
