// What a test pulls at in the page: answers that wait until they are let go, and commands that fail until they are mended.
import type { FailureKind } from "../../contract/contract";

/** In the page as `levers`. A command is named as in the contract. */
export class Levers {
  /** How often the page asked, by command. */
  readonly asked: Record<string, number> = {};
  private readonly failing = new Map<string, FailureKind>();
  private readonly waiting = new Map<string, { over: Promise<void>; end: () => void }>();

  /** `names` fail from the start, separated by commas. Nothing between them: all do. */
  constructor(names: string | null) {
    if (names !== null) for (const name of names === "" ? ["*"] : names.split(",")) this.failing.set(name, "store");
  }

  /** A command is not answered until it is let go. */
  hold(name: string): void {
    let end = (): void => undefined;
    const over = new Promise<void>((done) => (end = done));
    this.waiting.set(name, { over, end });
  }

  letGo(name: string): void {
    this.waiting.get(name)?.end();
    this.waiting.delete(name);
  }

  /** A command fails until it is mended. */
  fail(name: string, kind: FailureKind = "store"): void {
    this.failing.set(name, kind);
  }

  mend(name: string): void {
    this.failing.delete(name);
  }

  /** Counts a question and holds it up. Answers whether it fails, and as what. */
  async pass(name: string): Promise<FailureKind | undefined> {
    this.asked[name] = (this.asked[name] ?? 0) + 1;
    await this.waiting.get(name)?.over;
    return this.failing.get(name) ?? this.failing.get("*");
  }
}
