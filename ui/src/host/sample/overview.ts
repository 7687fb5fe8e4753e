// What the sample household says of itself at a glance.
import type { Overview } from "../../contract/contract";
import { readCron } from "./crontab";
import type { Held } from "./held";
import type { Household } from "./household";

export function overviewOf(home: Household, held: Held): Overview {
  const { backends } = home;
  const first = backends
    .filter((backend) => backend.export && !backend.approved)
    .map((backend) => ({
      backend: backend.id,
      name: backend.name,
      why: "firstExport" as const,
      count: home.owed(backend).length,
    }));
  const lost = held.counts().map(({ backend, name, count }) => ({ backend, name, why: "brake" as const, count }));
  const waiting = [...first, ...lost];
  const trouble = backends.find((backend) => backend.trouble);
  const exporting = backends.filter((backend) => backend.export);
  const [truth, says]: [Overview["truth"], string] =
    home.mended
      ? ["needsYou", "The database was damaged and is made anew"]
      : backends.length === 0
      ? ["empty", "No server yet"]
      : home.pausedUntil !== null
        ? ["paused", "Sync is paused"]
        : home.live[0]
          ? [
              "working",
              home.live[0].task === "import"
                ? `Reading ${home.live[0].name ?? "servers"}`
                : `Writing to ${home.live[0].name ?? "servers"}`,
            ]
          : home.scene === "full"
            ? ["trouble", "The disk is full"]
            : trouble
              ? ["trouble", trouble.trouble?.what ?? ""]
            : lost[0]
              ? [
                  "needsYou",
                  `${lost.reduce((sum, { count }) => sum + count, 0)} titles would become unwatched: waiting for your yes`,
                ]
            : waiting[0]
              ? ["needsYou", `${waiting[0].name} waits for your yes`]
              : [
                  "inSync",
                  exporting.length === 1 ? "The server is in sync" : `All ${exporting.length} servers are in sync`,
                ];
  const next = home.tasks
    .filter((task) => task.on)
    .map((task) => {
      const read = readCron(task.line, home.now());
      return { task: task.name, at: read.ok ? (read.next[0] ?? Infinity) : Infinity };
    })
    .sort((a, b) => a.at - b.at)[0];
  return {
    truth,
    says,
    todo: truth === "trouble" && !trouble ? "Make room on the disk" : null,
    running: home.live.length > 0,
    backends,
    titles: home.titles.length,
    lastSync: backends[0]?.exportedAt ?? null,
    nextRun: next ?? null,
    pausedUntil: home.pausedUntil,
    today:
      backends.length === 0
        ? { marks: 0, written: 0, held: 0, failed: 0 }
        : { marks: 12, written: 31, held: 0, failed: trouble ? 2 : 0 },
    waiting,
    lookAnew: null,
    brakesOff: held.brakes().off,
    mended: home.mended,
  };
}
