// How a server is listened to, in words.
import type { Connection, Moment } from "../contract/contract";
import { every, many, sentence, size, when } from "./say";

/** One or two words for how it stands. */
export function listeningWord({ state, askedEveryS }: Connection): string {
  switch (state) {
    case "live":
      return "Live";
    case "polling":
      return askedEveryS === null ? "Asked now and then" : `Asked ${every(askedEveryS)}`;
    case "off":
      return "Not live";
    case "offline":
      return "Offline";
  }
}

/** What that means, in a sentence or two. */
export function listeningSays(connection: Connection, now: Moment): string {
  const { state, askedEveryS, sinceAt } = connection;
  const why = connection.why === null ? "" : sentence(connection.why);
  switch (state) {
    case "live":
      return askedEveryS === null
        ? "Its server tells what happens."
        : `Its server tells what is played; for the rest it is asked ${every(askedEveryS)}.`;
    case "polling":
      return why === "" ? "It is asked what changed." : why;
    case "off":
      return why;
    case "offline":
      return [sinceAt === null ? "" : `Since ${when(sinceAt, now)}.`, why, "It is tried again by itself."]
        .filter((words) => words !== "")
        .join(" ");
  }
}

/** What asking cost, or nothing where nothing is asked. */
export function listeningCost({ state, lastHour }: Connection): string {
  if (lastHour.requests === 0) return state === "off" ? "" : "No request in the last hour.";
  const read = lastHour.bytes === 0 ? "" : `, ${size(lastHour.bytes)} read`;
  return `${many(lastHour.requests, "request")} in the last hour${read}.`;
}

/** How much was told of others and dropped, or nothing where nothing was. */
export function listeningDropped({ dropped }: Connection): string {
  return dropped === 0 ? "" : `${many(dropped, "message")} about others dropped.`;
}
