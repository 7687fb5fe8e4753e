// Another sign-in for a server that is known.
import type { BackendCard, Credentials } from "../../contract/contract";

export class Signing {
  by = $state<"keep" | "password" | "token">("keep");
  username = $state("");
  password = $state("");
  token = $state("");

  /** `useless` where the sign-in of before lets nobody in any more. */
  constructor({ user, kind }: BackendCard, useless = false) {
    this.username = user ?? "";
    if (useless) this.by = kind === "plex" ? "token" : "password";
  }

  /** What was typed; nothing where the sign-in stays as it is. */
  get credentials(): Credentials | undefined {
    const { by, username, password, token } = this;
    return by === "password" ? { by, username, password } : by === "token" ? { by, token } : undefined;
  }

  get incomplete(): boolean {
    return (
      (this.by === "password" && this.username.trim() === "") || (this.by === "token" && this.token.trim() === "")
    );
  }
}
