// How the sample household stands, at a glance.
import type { Overview } from "../../contract/contract";
import { readCron } from "./crontab";
import type { Held } from "./held";
import type { Household } from "./household";

type Stands = [Overview["truth"], string];

/** The truth in the order in which a person wants to hear it. */
function stands(home: Household, lost: number, first: string | undefined): Stands {
  if (home.mended) return ["needsYou", "The database was damaged and is made anew"];
  if (home.backends.length === 0) return ["empty", "No server yet"];
  if (home.pausedUntil !== null) return ["paused", "Sync is paused"];
  const live = home.live[0];
  if (live) return ["working", `${live.task === "import" ? "Reading" : "Writing to"} ${live.name ?? "servers"}`];
  if (home.scene === "full") return ["trouble", "The disk is full"];
  const trouble = home.backends.find((backend) => backend.trouble)?.trouble;
  if (trouble) return ["trouble", trouble.what];
  if (lost > 0) return ["needsYou", `${lost} titles would become unwatched: waiting for your yes`];
  if (first !== undefined) return ["needsYou", `${first} waits for your yes`];
  const told = home.backends.filter((backend) => backend.export).length;
  return ["inSync", told === 1 ? "The server is in sync" : `All ${told} servers are in sync`];
}

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
  const trouble = backends.some((backend) => backend.trouble);
  const [truth, says] = stands(
    home,
    lost.reduce((sum, { count }) => sum + count, 0),
    first[0]?.name,
  );
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
    waiting: [...first, ...lost],
    lookAnew: null,
    brakesOff: held.brakes().off,
    mended: home.mended,
  };
}
