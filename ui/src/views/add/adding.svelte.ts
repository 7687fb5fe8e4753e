// What the wizard knows so far. It lives as long as the wizard is open.
import type { BackendId, Credentials, Found, Import, Preview, ServerKind, SignIn } from "../../contract/contract";

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
  /** How a person signs in, and as whom: kept for whoever comes back. What is secret is not kept. */
  by = $state<Credentials["by"]>();
  username = $state("");
  signedIn = $state.raw<Extract<SignIn, { state: "done" }>>();
  added = $state<BackendId>();
  /** Whether a person said Start, so that writing goes on. */
  started = $state(false);
  preview = $state.raw<Preview>();

  choose(found: Found): void {
    this.begin();
    this.kind = found.kind;
    this.url = found.url;
    this.name = found.name;
    this.step = "signIn";
  }

  /** Signs in to the Plex account first, and takes one of its servers then. */
  askPlex(): void {
    this.begin();
    this.kind = "plex";
    this.url = "";
    this.name = "";
    this.step = "signIn";
  }

  /** Another server: how one signed in to the one before says nothing about it. */
  begin(): void {
    this.by = undefined;
    this.username = "";
  }

  signedInAs(done: Extract<SignIn, { state: "done" }>): void {
    this.signedIn = done;
    this.user = done.user ?? done.users[0]?.id ?? "";
    if (this.name === "") this.name = done.server;
    this.step = "direction";
  }
}
