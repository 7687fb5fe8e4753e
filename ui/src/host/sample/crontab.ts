// Enough of crontab for the sample household. The app reads crontab by a library.
import type { CronLine } from "../../contract/contract";

const fields = [
  { name: "minute", from: 0, to: 59 },
  { name: "hour", from: 0, to: 23 },
  { name: "day of the month", from: 1, to: 31 },
  { name: "month", from: 1, to: 12 },
  { name: "day of the week", from: 0, to: 7 },
];

function readField(text: string, at: number): Set<number> | null {
  const { from, to } = fields[at]!;
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (!match) return null;
    const low = match[1] === undefined ? from : Number(match[1]);
    const high =
      match[2] !== undefined ? Number(match[2]) : match[1] === undefined || match[3] !== undefined ? to : low;
    const step = Number(match[3] ?? 1);
    if (low < from || high > to || low > high || step < 1) return null;
    for (let n = low; n <= high; n += step) found.add(at === 4 ? n % 7 : n);
  }
  return found;
}

const two = (n: number): string => String(n).padStart(2, "0");
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

function inWords(parts: string[]): string {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = parts;
  const everyDay = day === "*" && month === "*";
  if (everyDay && weekday === "*") {
    if (minute === "*" && hour === "*") return "every minute";
    const step = /^\*\/(\d+)$/.exec(minute);
    if (step && hour === "*") return `every ${step[1]} minutes`;
    if (/^\d+$/.test(minute)) {
      const past = minute === "0" ? "on the hour" : `at ${minute} past`;
      if (hour === "*" || hour === "*/1") return `every hour ${past}`;
      const hours = /^\*\/(\d+)$/.exec(hour);
      if (hours) return `every ${hours[1]} hours ${past}`;
      if (/^\d+$/.test(hour)) return `every day at ${two(Number(hour))}:${two(Number(minute))}`;
    }
  }
  if (everyDay && /^\d$/.test(weekday) && /^\d+$/.test(hour) && /^\d+$/.test(minute)) {
    return `every ${days[Number(weekday) % 7]} at ${two(Number(hour))}:${two(Number(minute))}`;
  }
  return "at the times shown";
}

export function readCron(line: string, now: number): CronLine {
  const parts = line.trim().split(/\s+/);
  if (line.trim() === "" || parts.length !== 5) {
    return {
      ok: false,
      advice: {
        what: `There are ${line.trim() === "" ? 0 : parts.length} parts instead of 5.`,
        todo: "Write minute, hour, day of month, month and day of week.",
      },
    };
  }
  const sets: Set<number>[] = [];
  for (const [at, part] of parts.entries()) {
    const set = readField(part, at);
    const field = fields[at]!;
    if (!set) {
      const position = parts.slice(0, at).join(" ").length + (at > 0 ? 2 : 1);
      return {
        ok: false,
        advice: {
          what: `“${part}” at sign ${position} is no ${field.name}.`,
          todo: `Write a number from ${field.from} to ${field.to}, or *.`,
        },
      };
    }
    sets.push(set);
  }
  const [minutes, hours, monthDays, months, weekdays] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  const next: number[] = [];
  const at = new Date(now * 1000);
  at.setSeconds(0, 0);
  for (let tries = 0; tries < 400_000 && next.length < 3; tries += 1) {
    at.setMinutes(at.getMinutes() + 1);
    const dayFits =
      parts[2] !== "*" && parts[4] !== "*"
        ? monthDays.has(at.getDate()) || weekdays.has(at.getDay())
        : monthDays.has(at.getDate()) && weekdays.has(at.getDay());
    if (!months.has(at.getMonth() + 1) || !dayFits) {
      at.setHours(23, 59);
      continue;
    }
    if (minutes.has(at.getMinutes()) && hours.has(at.getHours())) next.push(Math.floor(at.getTime() / 1000));
  }
  return { ok: true, words: inWords(parts), next };
}
