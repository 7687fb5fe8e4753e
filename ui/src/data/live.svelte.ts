// What goes on now, kept for the whole window: told step by step, and asked once at the start.
import type { Live } from "../contract/contract";
import { call, whenChanged, whenLive } from "./call";

class Doing {
  now = $state.raw<Live[]>([]);

  begin(): void {
    whenLive((live) => {
      this.now = live;
    });
    whenChanged((tags) => {
      if (tags.includes("live") || tags.includes("runs")) this.read();
    });
    this.read();
  }

  private read(): void {
    call("live", {}).then(
      (live) => {
        this.now = live;
      },
      // What goes on is decoration: the view that needs an answer says why there is none.
      () => undefined,
    );
  }
}

export const doing = new Doing();
