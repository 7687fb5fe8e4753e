// Webhooks on the card of a server: not needed, folded, and safe to handle.
import { expect, test, type Page } from "@playwright/test";
import { found, open } from "./household";
import { tabTo } from "./keyboard";

const card = (page: Page, name: string) =>
  page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
const address = (page: Page) => page.getByRole("textbox", { name: /^Address for/ });

async function switchedOn(page: Page): Promise<void> {
  await open(page, "settings");
  await page.getByRole("switch", { name: "Listen for webhooks" }).click();
  await page.getByRole("link", { name: "Backends", exact: true }).click();
}

test("off, they are one line that says so and leads to the setting", async ({ page }) => {
  await open(page, "backends", "waits");
  await expect(card(page, "Den")).toContainText("Webhooks are off, and not needed.");
  await expect(card(page, "Bedroom")).not.toContainText("Webhooks");
  await card(page, "Den").getByRole("link", { name: "Turn them on in Settings" }).click();
  await expect(page.getByRole("switch", { name: "Listen for webhooks" })).toBeVisible();
});

test("the address is asked for when it is unfolded, copied, and renewed after a yes, by the keyboard", async ({
  page,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await switchedOn(page);
  await expect(card(page, "Living room").getByText("Webhooks", { exact: true })).toBeVisible();
  await expect(address(page)).toHaveCount(0);
  await tabTo(page, /^\s*Webhooks/);
  await page.keyboard.press("Enter");
  await expect(address(page)).toHaveValue(/^http:\/\/127\.0\.0\.1:8487\/hook\/.{20,}$/);
  const before = await address(page).inputValue();

  await tabTo(page, /^ ?Copy/);
  await page.keyboard.press("Enter");
  await expect(page.getByText("The address was copied.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(before);

  await tabTo(page, /^ ?Renew/);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Renew the webhook address of Living room?" });
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(address(page)).toHaveValue(before);
  await card(page, "Living room").getByRole("button", { name: "Renew" }).click();
  await dialog.getByRole("button", { name: "Renew" }).click();
  await expect(address(page)).not.toHaveValue(before);
  await expect(address(page)).toHaveValue(/\/hook\//);
});

test("it is registered where a program can do that, and its counts are shown", async ({ page }) => {
  await switchedOn(page);
  await card(page, "Living room").getByText("Webhooks", { exact: true }).click();
  await card(page, "Living room").getByRole("button", { name: "Register on the server" }).click();
  await expect(page.getByText("The address was entered: Living room.")).toBeVisible();
  await expect(card(page, "Living room")).toContainText("187 webhooks of this server taken.");
  const sums = card(page, "Living room").getByLabel("Webhooks of all servers since WatchState was started");
  await expect(sums).toContainText("of another user 124");
  await expect(sums).not.toContainText("too slow");

  await card(page, "Cabin in the woods").getByText("Webhooks", { exact: true }).click();
  await expect(card(page, "Cabin in the woods")).toContainText("Enter it in Emby yourself; no program can.");
  await expect(card(page, "Cabin in the woods").getByRole("button", { name: "Register on the server" })).toHaveCount(0);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test("axe finds nothing in what is unfolded", async ({ page }) => {
      await switchedOn(page);
      await card(page, "Den").getByText("Webhooks", { exact: true }).click();
      await expect(address(page)).toHaveValue(/\/hook\//);
      expect(await found(page)).toEqual([]);
    });
  });
}
