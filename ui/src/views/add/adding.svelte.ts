// What the wizard knows so far. It lives as long as the wizard is open.
import type { BackendId, Found, Import, Preview, ServerKind, SignIn } from "../../contract/contract";

export type Step = "find" | "signIn" | "direction" | "read" | "review" | "done";

export const steps: { step: Step; title: string }[] = [
  { step: "find", title: "Find it" },
  { step: "signIn", title: "Sign in" },
  { step: "direction", title: "Which way" },
  { step: "read", title: "Read it" },
  { step: "review", title: "Look and start" },
];

export class Adding {
  step = $state<Step>("find");
  kind = $state<ServerKind>("jellyfin");
  url = $state("");
  /** The name the server gave itself, or the person gave it. */
  name = $state("");
  /** The id of the user whose marks are meant. */
  user = $state("");
  imports = $state<Import>("on");
  exports = $state(true);
  signedIn = $state.raw<Extract<SignIn, { state: "done" }>>();
  added = $state<BackendId>();
  /** Whether a person said Start, so that writing goes on. */
  started = $state(false);
  preview = $state.raw<Preview>();

  choose(found: Found): void {
    this.kind = found.kind;
    this.url = found.url;
    this.name = found.name;
    this.step = "signIn";
  }

  /** Signs in to the Plex account first, and takes one of its servers then. */
  askPlex(): void {
    this.kind = "plex";
    this.url = "";
    this.name = "";
    this.step = "signIn";
  }

  signedInAs(done: Extract<SignIn, { state: "done" }>): void {
    this.signedIn = done;
    this.user = done.user ?? done.users[0]?.id ?? "";
    if (this.name === "") this.name = done.server;
    this.step = "direction";
  }
}
