// The titles of the sample household: made up, the same each time, as many as are asked for.
import type { Marks } from "../../contract/contract";

const movies = [
  "The Lighthouse Keeper's Daughter",
  "Slow Rivers",
  "A Winter in Tromsø",
  "Paper Moons",
  "The Cartographer",
  "Nine Lanterns",
  "Über den Dächern",
  "La maison sans fenêtres",
  "مدينة الرياح",
  "האור שבקצה הרחוב",
  "夜の図書館",
  "🐙 Eight Arms, One Heart ❤️",
  "Kvällen då allting stod stilla",
  "The Extraordinarily Long and Winding Journey of Bartholomew Fitzgerald-Huntington the Third from the Northern Shores to the Southern Seas, and What He Found There (Director's Restored Anniversary Edition)",
  "Orbit",
  "Salt",
  "The Quiet Hours",
  "Copper & Glass",
  "Meridian",
  "What the Tide Left",
];
const shows = [
  { name: "Harbour Street", seasons: 4, episodes: 10 },
  { name: "The Allotment", seasons: 6, episodes: 8 },
  { name: "Northbound", seasons: 2, episodes: 12 },
  { name: "حكايات الحي القديم", seasons: 1, episodes: 6 },
  { name: "Signal & Noise", seasons: 3, episodes: 10 },
  { name: "🚂 Branch Line Mysteries", seasons: 5, episodes: 6 },
];
const episodes = [
  "The Arrival",
  "A Borrowed Coat",
  "Low Water",
  "Everything Must Go",
  "Letters Home",
  "The Long Way Round",
  "Two Keys",
  "Nobody's Birthday",
  "Fog",
  "The Auction",
  "Half a Map",
  "Goodbye, Mrs. Ellery",
];

export interface SampleTitle {
  id: number;
  name: string;
  show: string | null;
  season: number | null;
  episode: number | null;
  year: number;
  durationMs: number;
}

/** A number that looks like chance and is the same each time. */
export function chance(seed: number, salt: number): number {
  let x = (seed * 374761393 + salt * 668265263) | 0;
  x = Math.imul(x ^ (x >>> 13), 1274126177);
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
}

const roman = ["", " II", " III", " IV", " V"];

/** As many titles as wanted: the household's own first, then more of the same with numbers. */
export function makeTitles(wanted: number): SampleTitle[] {
  const all: SampleTitle[] = [];
  const add = (title: Omit<SampleTitle, "id" | "durationMs">): void => {
    if (all.length < wanted) {
      all.push({ id: all.length + 1, durationMs: Math.round(1_200_000 + chance(all.length, 9) * 6_000_000), ...title });
    }
  };
  for (let round = 0; all.length < wanted; round += 1) {
    const tail = round < roman.length ? (roman[round] ?? "") : ` ${round + 1}`;
    for (const [at, name] of movies.entries()) {
      add({
        name: name + tail,
        show: null,
        season: null,
        episode: null,
        year: 1968 + Math.floor(chance(at + round * 31, 3) * 57),
      });
    }
    for (const [at, show] of shows.entries()) {
      for (let season = 1; season <= show.seasons; season += 1) {
        for (let episode = 1; episode <= show.episodes; episode += 1) {
          add({
            name: episodes[(at * 5 + season * 3 + episode) % episodes.length] ?? "",
            show: show.name + tail,
            season,
            episode,
            year: 2012 + at + season,
          });
        }
      }
    }
  }
  return all;
}

export const unwatched: Marks = { watched: false, positionMs: null, plays: 0, playedAt: null };

/** How a title stands in the household at the start. */
export function firstMarks(title: SampleTitle, now: number): Marks {
  const dice = chance(title.id, 1);
  if (dice < 0.52) {
    const playedAt = now - Math.floor(chance(title.id, 2) ** 2 * 3 * 365 * 86_400);
    return { watched: true, positionMs: dice < 0.02 ? 723_000 : null, plays: dice < 0.1 ? 2 : 1, playedAt };
  }
  if (dice < 0.58) {
    return {
      watched: false,
      positionMs: Math.round(title.durationMs * (0.1 + chance(title.id, 4) * 0.7)),
      plays: 0,
      playedAt: now - Math.floor(chance(title.id, 2) * 30 * 86_400),
    };
  }
  return unwatched;
}

/** Whether a server has a title. */
export function isOn(backend: number, title: number): boolean {
  return chance(title, 40 + backend) < [1, 0.93, 0.88, 0.55, 0.8][backend % 5]!;
}

/** Whether a server's mark differs from the household's at the start. */
export function differsOn(backend: number, title: number): boolean {
  return chance(title, 80 + backend) < [0, 0, 0.004, 0.006, 0.22][backend % 5]!;
}
