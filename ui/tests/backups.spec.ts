// Backups: made, looked at, restored.
import { expect, test } from "@playwright/test";
import { found, open } from "./household";
import { tabTo } from "./keyboard";

test("a backup is made, and is on the list when it is whole", async ({ page }) => {
  await open(page, "backups", "waits");
  await expect(page.getByRole("heading", { name: "No backup yet" })).toBeVisible();
  await page.getByRole("button", { name: "Back up now" }).click();
  const list = page.getByRole("list", { name: "Backups" });
  await expect(list.getByText("Living room", { exact: true })).toBeVisible();
  await expect(list.getByText(/^today /).first()).toBeVisible();
});

test("a backup is restored after a look at what would change", async ({ page }) => {
  await open(page, "backups");
  await page.getByRole("link", { name: /^Restore Den,/ }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "Restore Den" })).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "Den" })).toBeChecked();
  await expect(page.getByRole("radio", { name: /Only add/ })).toBeChecked();
  await page.getByRole("button", { name: "Show what would change" }).click();
  await expect(page.getByRole("button", { name: /Restore \d+ changes/ })).toBeVisible();
  await expect(page.getByText("would be taken away")).toHaveCount(0);

  await page.locator("label", { hasText: "Not matched" }).click();
  await expect(page.getByText("The Lost Tape (1971)")).toBeVisible();
  await page.getByRole("searchbox", { name: "Search what was not matched" }).fill("kaguya");
  await expect(page.getByText("The Lost Tape (1971)")).toHaveCount(0);
  await expect(page.getByText("Kaguya-sama S01E13 Special")).toBeVisible();

  await page.getByRole("button", { name: /Restore \d+ changes/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
});

test("exactly as in the backup says what would be taken away", async ({ page }) => {
  await open(page, "backups");
  await page.getByRole("link", { name: /^Restore Living room,/ }).first().click();
  await page.getByText("Exactly as in the backup").click();
  await page.getByRole("button", { name: "Show what would change" }).click();
  await expect(page.getByText("would be taken away")).toBeVisible();
  await page.getByRole("button", { name: "Choose again" }).click();
  await page.getByRole("checkbox", { name: "Living room" }).uncheck();
  await expect(page.getByRole("button", { name: "Show what would change" })).toBeDisabled();
});

test("a file from elsewhere is taken, and one that is no backup is told", async ({ page }) => {
  await open(page, "backups");
  const choose = async (name: string, text: string): Promise<void> => {
    await page.getByRole("button", { name: "Restore another file" }).click();
    const buffer = Buffer.from(text);
    await page.getByLabel("Drop the file here, or choose it").setInputFiles({ name, mimeType: "application/json", buffer });
    await expect(page.getByRole("heading", { level: 1, name: `Restore ${name}` })).toBeVisible();
    await page.getByRole("checkbox", { name: "Den" }).check();
    await page.getByRole("button", { name: "Show what would change" }).click();
  };
  await choose("theirs.json", JSON.stringify([{ type: "movie", watched: true, title: "Heat", guids: {} }]));
  await expect(page.getByRole("button", { name: /Restore \d+ changes/ })).toBeVisible();
  await page.goBack();
  await choose("zeros.json", "0000");
  await expect(page.getByRole("alert")).toContainText("This is no backup");
});

test("the whole history is written as a table, and the folder is named", async ({ page }) => {
  await open(page, "backups");
  await page.getByRole("button", { name: "Save as a table (CSV)" }).click();
  await expect(page.getByText(/titles written to .*\.csv/)).toBeVisible();
  await expect(page.getByText("/srv/watchstate/backups.")).toBeVisible();
});

test("a backup is reached and restored by the keyboard alone", async ({ page }) => {
  await open(page, "overview");
  await page.keyboard.press("ControlOrMeta+7");
  await expect(page.getByRole("heading", { level: 1, name: "Backups" })).toBeVisible();
  await tabTo(page, /^\s*Restore\s+Living room/);
  await page.keyboard.press("Enter");
  await tabTo(page, /Show what would change/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /Restore \d+ changes/ })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("axe finds nothing in the backups", async ({ page }) => {
      await open(page, "backups");
      await expect(page.getByRole("link", { name: /^Restore Den,/ }).first()).toBeVisible();
      expect(await found(page)).toEqual([]);
      await page.getByRole("button", { name: "Restore another file" }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      expect(await found(page)).toEqual([]);
    });

    test("axe finds nothing where there is no backup yet", async ({ page }) => {
      await open(page, "backups", "waits");
      await expect(page.getByRole("heading", { name: "No backup yet" })).toBeVisible();
      expect(await found(page)).toEqual([]);
    });

    test("axe finds nothing on the way back from one", async ({ page }) => {
      await open(page, "backups");
      await page.getByRole("link", { name: /^Restore Den,/ }).first().click();
      await page.getByText("Exactly as in the backup").click();
      await expect(page.getByRole("checkbox", { name: "Den" })).toBeChecked();
      expect(await found(page)).toEqual([]);
      await page.getByRole("button", { name: "Show what would change" }).click();
      await expect(page.getByRole("button", { name: /Restore \d+ changes/ })).toBeVisible();
      expect(await found(page)).toEqual([]);
      await page.locator("label", { hasText: "Not matched" }).click();
      await expect(page.getByText("The Lost Tape (1971)")).toBeVisible();
      expect(await found(page)).toEqual([]);
    });
  });
}
