// What the journeys on the app itself begin with: nothing yet, demo servers that differ, or demo servers in sync.
import { expect, request, test as base, type APIRequestContext, type Page } from "@playwright/test";
import type { Answer, Args, Name } from "../../src/host/host";
import { Served } from "./served";

/** An app that runs, and a browser that was let in. */
export class Household {
  private constructor(
    readonly served: Served,
    private readonly inside: APIRequestContext,
    private readonly origin: string,
  ) {}

  /** An app that knows no server. */
  static async empty(): Promise<Household> {
    const served = await Served.start();
    const address = await served.address();
    const { origin } = new URL(address);
    const inside = await request.newContext({ extraHTTPHeaders: { origin } });
    expect((await inside.get(address)).ok()).toBe(true);
    const household = new Household(served, inside, origin);
    // Nor does an export: this one is switched off as people do it, so that a test may set it.
    await household.ask("set_task", { name: "export", on: false });
    return household;
  }

  /** Three demo servers that differ; nothing was written to them yet. */
  static async differing(): Promise<Household> {
    const household = await Household.empty();
    await household.ask("start_demo", {});
    return household;
  }

  /** Three demo servers that show the same. */
  static async inSync(): Promise<Household> {
    const household = await Household.differing();
    const { id } = await household.ask("preview", { import: true });
    await household.ask("sync_now", { preview: id });
    const truth = async (): Promise<string> => (await household.ask("overview", {})).truth;
    await expect.poll(truth, { timeout: 60_000 }).toBe("inSync");
    return household;
  }

  /** A command of the contract, beside the window. */
  async ask<N extends Name>(name: N, args: Args<N>): Promise<Answer<N>> {
    const answer = await this.inside.post(`${this.origin}/api/${name}`, { data: args });
    if (!answer.ok()) throw new Error(`${name}: ${await answer.text()}`);
    return (await answer.json()) as Answer<N>;
  }

  /** Opens a place of the window, in a browser that shares the cookie of the one that was let in. */
  async open(page: Page, place: string): Promise<void> {
    await page.context().addCookies((await this.inside.storageState()).cookies);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.goto(`${this.origin}/#/${place}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }

  /** The address of a server of the demo. */
  async address(name: string): Promise<string> {
    const backend = (await this.ask("backends", {})).find((one) => one.name === name);
    if (!backend) throw new Error(`there is no backend ${name}`);
    return backend.url;
  }

  async end(): Promise<void> {
    await this.inside.dispose();
    await this.served.end();
  }
}

/** One for a single journey, which may do to it what it likes. */
interface Own {
  empty: Household;
  differing: Household;
}

/** One for all journeys of a worker: each leaves it as it found it, but for marks of titles that no other looks at. */
interface Shared {
  inSync: Household;
}

async function lend(begin: () => Promise<Household>, use: (household: Household) => Promise<void>): Promise<void> {
  const household = await begin();
  await use(household);
  await household.end();
}

/* eslint-disable no-empty-pattern -- Playwright reads from the pattern what a fixture needs: these need nothing. */
export const test = base.extend<Own, Shared>({
  empty: async ({}, use) => lend(() => Household.empty(), use),
  differing: async ({}, use) => lend(() => Household.differing(), use),
  inSync: [async ({}, use) => lend(() => Household.inSync(), use), { scope: "worker", timeout: 120_000 }],
});
/* eslint-enable no-empty-pattern */

export { expect };
