import type { Event, Failure, Tag } from "../contract/contract";
import type { Answer, Args, Host, Name } from "./host";

/** A browser that looks at `watchstate-cli serve`. The session is a cookie of the same origin. */
export const browser: Host = {
  async call<N extends Name>(name: N, args: Args<N>): Promise<Answer<N>> {
    let response: Response;
    try {
      response = await fetch(`/api/${name}`, {
        method: "POST",
        credentials: "same-origin",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(args),
      });
    } catch {
      throw gone;
    }
    const said: unknown = await response.json().catch(() => null);
    if (response.ok) return said as Answer<N>;
    throw isFailure(said) ? said : response.status === 401 || response.status === 403 ? locked : gone;
  },

  listen(hear) {
    const events = new EventSource("/api/events");
    let lost = false;
    events.onmessage = (message: MessageEvent<string>) => {
      hear(JSON.parse(message.data) as Event);
    };
    events.onerror = () => {
      lost = true;
    };
    // What was said while the line was down is not said again: everything is asked anew.
    events.onopen = () => {
      if (lost) hear({ type: "changed", tags: Object.keys(allTags) as Tag[] });
      lost = false;
    };
    return () => {
      events.close();
    };
  },

  open(url) {
    window.open(url, "_blank", "noopener");
    return Promise.resolve();
  },
};

/** Written so that a tag which is left out does not compile. */
const allTags: Record<Tag, true> = {
  backends: true,
  runs: true,
  owed: true,
  titles: true,
  journal: true,
  tasks: true,
  settings: true,
  live: true,
  watching: true,
  connections: true,
  webhooks: true,
  backups: true,
};

const gone: Failure = {
  kind: "internal",
  what: "WatchState does not answer.",
  todo: "See whether it still runs, then try again.",
};

const locked: Failure = {
  kind: "usage",
  what: "This page is not signed in.",
  todo: "Open the address that WatchState printed when it started.",
};

function isFailure(said: unknown): said is Failure {
  return typeof said === "object" && said !== null && "what" in said && "todo" in said && "kind" in said;
}
