// What every journey begins with: the window on the sample household.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import type { FailureKind } from "../src/contract/contract";
import type { Args, Name } from "../src/host/host";
import type { Levers } from "../src/host/sample/levers";

export type Scene =
  | "calm"
  | "waits"
  | "lost"
  | "unheld"
  | "stale"
  | "trouble"
  | "parked"
  | "full"
  | "mended"
  | "stranger"
  | "empty";

/** Opens a place of the window. Runs are quick, so that nothing has to be waited for long: a step takes `step` ms. */
export async function open(page: Page, place: string, scene: Scene = "calm", more = "", step = 10): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`/?sample&step=${step}&scene=${scene}${more}#/${place}`);
  await expect(page.getByRole("status").first()).not.toContainText("Looking");
}

type Pulled = typeof globalThis & { levers: Levers; elsewhere: (name: Name, args: unknown) => unknown };

/** Keeps the answers of a command back, lets them go, has it fail, or mends it. */
export async function pull(
  page: Page,
  lever: "hold" | "letGo" | "fail" | "mend",
  name: Name,
  kind: FailureKind = "store",
): Promise<void> {
  await page.evaluate(
    ([lever, name, kind]) => {
      (globalThis as Pulled).levers[lever](name, kind);
    },
    [lever, name, kind] as const,
  );
}

/** Somebody does something in another window. */
export async function elsewhere<N extends Name>(page: Page, name: N, args: Args<N>): Promise<void> {
  await page.evaluate(([name, args]) => (globalThis as Pulled).elsewhere(name, args), [name, args] as const);
}

/** How often the page asked, by command. */
export function asked(page: Page): Promise<Levers["asked"]> {
  return page.evaluate(() => (globalThis as Pulled).levers.asked);
}

/** What axe finds, by rule and place, so that a failure names it. */
export async function found(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`),
  );
}
