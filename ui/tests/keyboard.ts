// The keyboard alone.
import type { Page } from "@playwright/test";

/** Goes on by Tab, or back, until what has the focus is called this. */
export async function tabTo(page: Page, name: RegExp, by: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    const now = await page.evaluate(() => {
      const here = document.activeElement as HTMLElement | null;
      if (!here || here === document.body || here.tabIndex < 0) return "";
      const labels =
        here instanceof HTMLInputElement || here instanceof HTMLSelectElement
          ? [...(here.labels ?? [])].map((label) => label.innerText)
          : [];
      return [here.getAttribute("aria-label") ?? "", ...labels, labels.length > 0 ? "" : here.innerText].join(" ");
    });
    if (name.test(now)) return;
    await page.keyboard.press(by);
  }
  throw new Error(`Tab never came to ${name}`);
}
