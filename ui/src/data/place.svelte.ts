// Where in the window one is: kept in the address after `#`, so that going back goes back.

export const views = ["overview", "history", "backends", "review", "tasks", "activity", "backups", "settings"] as const;
export type View = (typeof views)[number] | "add";

class Place {
  view = $state<View>("overview");
  /** What is opened there, such as the number of a title. */
  opened = $state<string>();
  asked = $state.raw(new URLSearchParams());

  constructor() {
    this.read();
    addEventListener("hashchange", () => {
      this.read();
    });
  }

  private read(): void {
    const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
    const [view = "", opened] = path.split("/");
    this.view = view === "add" || (views as readonly string[]).includes(view) ? (view as View) : "overview";
    this.opened = opened === "" || opened === undefined ? undefined : decodeURIComponent(opened);
    this.asked = new URLSearchParams(query);
  }
}

export const place = new Place();

/** The address of a place. */
export function to(view: View, opened?: string | number, asked?: Record<string, string>): string {
  const query = asked ? `?${new URLSearchParams(asked).toString()}` : "";
  return `#/${view}${opened === undefined ? "" : `/${encodeURIComponent(opened)}`}${query}`;
}

/** Goes to a place. */
export function go(view: View, opened?: string | number, asked?: Record<string, string>): void {
  location.hash = to(view, opened, asked);
}
