// What every journey begins with: the window on the sample household.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

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

/** What axe finds, by rule and place, so that a failure names it. */
export async function found(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    .analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`),
  );
}
