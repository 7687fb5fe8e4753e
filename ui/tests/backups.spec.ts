// Backups: made, looked at, restored.
import { expect, test } from "@playwright/test";
import { asked, elsewhere, found, open, pull } from "./household";
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
  const search = page.getByRole("searchbox", { name: "Search what was not matched" });
  const room = await search.locator("..").boundingBox();
  expect(room?.height, "the list is below the search, and no gap").toBe((await search.boundingBox())?.height);
  await search.fill("kaguya");
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

test("a restore that came too late is looked at again, and then carried out", async ({ page }) => {
  await open(page, "backups", "stale");
  await page.getByRole("link", { name: /^Restore Den,/ }).first().click();
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.getByRole("button", { name: /Restore \d+ changes/ }).click();
  await expect(page.getByRole("alert")).toContainText("What would be changed is different now: look again.");
  await page.getByRole("button", { name: /Restore \d+ changes/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
});

test("a restore that is held back is not said to be there already", async ({ page }) => {
  await open(page, "backups");
  for (let title = 1; title <= 400; title += 1) await elsewhere(page, "ignore_title", { title, ignored: true });
  await page.getByRole("link", { name: /^Restore Den,/ }).first().click();
  await page.getByRole("button", { name: "Show what would change" }).click();
  await expect(page.getByText(/^\d+ changes are held back for now\.$/)).toBeVisible();
  await expect(page.getByText("Held back: you want this title left alone").first()).toBeVisible();
  await expect(page.getByText("Nothing to write")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Restore", exact: true })).toBeEnabled();
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

test("a file that is dropped is taken, and one that misses its place leads nowhere", async ({ page }) => {
  await open(page, "backups");
  await page.getByRole("button", { name: "Restore another file" }).click();
  const dropped = await page.evaluateHandle(() => {
    const files = new DataTransfer();
    files.items.add(new File(['[{"type":"movie","watched":true,"title":"Heat","guids":{}}]'], "dropped.json"));
    return files;
  });
  const refused = (name: string): Promise<boolean> =>
    page.getByRole("dialog").evaluate((dialog, name) => {
      const event = new DragEvent(name, { bubbles: true, cancelable: true });
      return !dialog.dispatchEvent(event);
    }, name);
  expect(await refused("dragover")).toBe(true);
  expect(await refused("drop")).toBe(true);
  await expect(page.getByRole("group", { name: "A file from elsewhere" })).toBeVisible();
  await page.getByRole("group", { name: "A file from elsewhere" }).dispatchEvent("drop", { dataTransfer: dropped });
  await expect(page.getByRole("heading", { level: 1, name: "Restore dropped.json" })).toBeVisible();
});

test("Escape ends the taking of a file: no more of it is sent, and the page stays", async ({ page }) => {
  await open(page, "backups");
  await page.getByRole("button", { name: "Restore another file" }).click();
  await pull(page, "hold", "offer_backup");
  const buffer = Buffer.alloc(3 * 384 * 1024, "0");
  await page.getByLabel("Drop the file here, or choose it").setInputFiles({ name: "long.json", mimeType: "application/json", buffer });
  await expect(page.getByRole("progressbar", { name: "Taking the file" })).toBeVisible();
  await expect.poll(async () => (await asked(page)).offer_backup).toBe(1);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await pull(page, "letGo", "offer_backup");
  // What would have come by then: another backup is opened, and is still what one sees.
  await page.getByRole("link", { name: /^Restore Den,/ }).first().click();
  await page.getByRole("button", { name: "Show what would change" }).click();
  await expect(page.getByRole("button", { name: /Restore \d+ changes/ })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name: "Restore Den" })).toBeVisible();
  expect((await asked(page)).offer_backup).toBe(1);
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
