// What is looked at in Review before it is begun.
import type { HeldSay } from "../contract/contract";

/** An answer to titles that lost their mark. */
export interface AnswerAim {
  of: "answer";
  say: HeldSay;
  backend?: number;
  items?: number[];
}

/** A sync, a comparison of everything on one server, or an answer. */
export type Aim = { of: "sync" } | { of: "everything"; backend: number } | AnswerAim;
