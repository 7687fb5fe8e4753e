// What a person has ticked among the titles that lost their mark.
import { SvelteSet } from "svelte/reactivity";

/** Of one server at a time. It outlives the list, so that who looks at what would be written can come back to it. */
export class Ticked {
  /** The server that is looked at. */
  backend = $state<number>();
  /** What is searched for among its titles. */
  text = $state("");
  readonly items = new SvelteSet<number>();

  /** Turns to a server: what was ticked and searched for on another one is over. */
  turnTo(backend: number): void {
    if (backend === this.backend) return;
    this.backend = backend;
    this.text = "";
    this.items.clear();
  }
}
