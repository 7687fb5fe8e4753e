// Times, counts and lengths in words. English, and the clock and dates of the person's own system.
import type { Advice, Moment } from "../contract/contract";

const numbers = new Intl.NumberFormat("en-GB");
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockExact = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayNear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayFar = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const lists = new Intl.ListFormat("en-GB", { type: "conjunction" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long" });

/** 12,345 */
export function count(n: number): string {
  return numbers.format(n);
}

/** "1 title", "2 titles" */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}

const day = (at: Moment): string => new Date(at * 1000).toDateString();

/** 17:05 */
export function time(at: Moment): string {
  return clock.format(at * 1000);
}

/** 17:05:09 */
export function timeExact(at: Moment): string {
  return clockExact.format(at * 1000);
}

/** "today 17:05", "tomorrow 03:00", "Friday 03:00", "3 Nov 17:05" */
export function when(at: Moment, now: Moment): string {
  const days = Math.round((new Date(day(at)).getTime() - new Date(day(now)).getTime()) / 86_400_000);
  if (days === 0) return `today ${time(at)}`;
  if (days === 1) return `tomorrow ${time(at)}`;
  if (days === -1) return `yesterday ${time(at)}`;
  if (days > 1 && days < 7) return `${weekday.format(at * 1000)} ${time(at)}`;
  const sameYear = new Date(at * 1000).getFullYear() === new Date(now * 1000).getFullYear();
  return `${(sameYear ? dayNear : dayFar).format(at * 1000)} ${time(at)}`;
}

/** "3 Nov 2025" */
export function date(at: Moment): string {
  return dayFar.format(at * 1000);
}

/** "just now", "12 min ago", "3 h ago", "yesterday 17:05", "3 Nov", "3 Nov 2024" */
export function ago(at: Moment, now: Moment): string {
  const s = now - at;
  if (s < 60) return "just now";
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 12 * 3600) return `${Math.floor(s / 3600)} h ago`;
  if (s < 2 * 86_400) return when(at, now);
  const sameYear = new Date(at * 1000).getFullYear() === new Date(now * 1000).getFullYear();
  return (sameYear ? dayNear : dayFar).format(at * 1000);
}

/** "in 12 min", "in 3 h", "tomorrow 03:00" */
export function ahead(at: Moment, now: Moment): string {
  const s = at - now;
  if (s < 60) return "in a moment";
  if (s < 3600) return `in ${Math.ceil(s / 60)} min`;
  return when(at, now);
}

/** 1:02:03 or 42:10, of milliseconds */
export function position(ms: number): string {
  const s = Math.floor(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  return h > 0 ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** "under 0.1 s", "0.4 s", "12 s", "3 min 5 s", of milliseconds */
export function took(ms: number): string {
  if (ms < 100) return "under 0.1 s";
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

/** "every 30 s", "every minute", "every 5 min", "every 2 h", of seconds */
export function every(s: number): string {
  if (s === 60) return "every minute";
  if (s < 120) return `every ${s} s`;
  return s < 7200 ? `every ${Math.round(s / 60)} min` : `every ${Math.round(s / 3600)} h`;
}

/** "812 kB", "3.4 MB" */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A sentence that the app said, with its full stop. */
export const ended = (text: string): string => (text === "" || /[.!?…]$/.test(text) ? text : `${text}.`);

/** Words of the app as a sentence by itself: the app says reasons so that they fit behind others too. */
export function sentence(words: string): string {
  return ended(words.charAt(0).toUpperCase() + words.slice(1));
}

/** What is wrong and what to do, as two sentences that can stand one behind the other. */
export function advised<A extends Advice>(advice: A): A {
  return { ...advice, what: ended(advice.what), todo: ended(advice.todo) };
}

/** "den", "den and attic", "den, attic and loft" */
export function listed(names: readonly string[]): string {
  return lists.format(names);
}

/** The same as pieces: names, which may be in another script, and the words between them. */
export function listedParts(names: readonly string[]): { name: boolean; text: string }[] {
  return lists.formatToParts(names).map(({ type, value }) => ({ name: type === "element", text: value }));
}

export const kindName = { plex: "Plex", jellyfin: "Jellyfin", emby: "Emby", kodi: "Kodi" } as const;
