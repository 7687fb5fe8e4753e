// What a run changed is taken back, and done once more.
import { expect, test } from "@playwright/test";
import { asked, found, open, pull } from "./household";

test("what a run changed is shown, taken back, and done once more", async ({ page }) => {
  await open(page, "activity/runs");
  await page
    .getByRole("button", { name: /^Undo what this run changed/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog", { name: "Take it back?" });
  await expect(dialog.getByRole("button", { name: /^Undo \d+ change/ })).toBeEnabled();
  await expect(dialog.getByText("It stays so")).toBeVisible();
  await expect(dialog.getByText("Undone by you.").first()).toBeVisible();
  await dialog.getByText(/^(1 left as it is|\d+ left as they are)$/).click();
  await expect(dialog.getByText("Changed since, so it is left as it is.").first()).toBeVisible();
  expect(await found(page)).toEqual([]);
  await dialog.getByRole("button", { name: /^Undo \d+ change/ }).click();
  await expect(dialog).toBeHidden();

  await expect(page.getByText("Undo on")).toBeVisible();
  await page
    .getByRole("button", { name: /^Redo what this run changed/ })
    .first()
    .click();
  const again = page.getByRole("dialog", { name: "Do it again?" });
  await again.getByRole("button", { name: /^Redo \d+ change/ }).click();
  await expect(again).toBeHidden();
  await expect(page.getByText("Undo on")).toHaveCount(2);
});

test("what is left is counted in whole, also where only the first of it is named", async ({ page }) => {
  await open(page, "activity/snapshots");
  const list = page.getByRole("list", { name: "Snapshots" });
  await expect(list.getByRole("button").first()).toBeVisible();
  await list.evaluate((box) => {
    box.scrollTop = box.scrollHeight;
  });
  await expect(list.locator('[aria-posinset="40"]')).toBeVisible();
  await list
    .getByRole("button", { name: /^Restore Living room/ })
    .last()
    .click();
  const dialog = page.getByRole("dialog", { name: /^Restore .*\?$/ });
  const left = dialog.getByText(/cannot be put back exactly; the first 12$/);
  await expect(left).toBeVisible();
  expect(Number.parseInt(await left.innerText())).toBeGreaterThan(12);
  await left.click();
  await expect(dialog.getByRole("group").getByRole("listitem")).toHaveCount(12);
  expect(await found(page)).toEqual([]);
});

test("what is held back is shown as that, and not as nothing", async ({ page }) => {
  await open(page, "activity");
  await page.locator(".line").filter({ hasText: "Learnt" }).first().getByRole("link").click();
  const panel = page.getByRole("complementary", { name: "Title" });
  await panel.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: /^Ignore this title/ }).click();
  await expect(panel.getByText("You ignore this title.")).toBeVisible();
  await panel.getByRole("button", { name: /^Undo: Learnt/ }).first().click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("1 change would be written, and is held back for now")).toBeVisible();
  await expect(dialog.getByText("Held back: you want this title left alone")).toBeVisible();
  expect(await found(page)).toEqual([]);
});

test("nothing is taken back before a yes", async ({ page }) => {
  await open(page, "activity/runs");
  await page
    .getByRole("button", { name: /^Undo what this run changed/ })
    .first()
    .click();
  await expect(page.getByRole("button", { name: /^Undo \d+ change/ })).toBeEnabled();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByText("Undo on")).toHaveCount(0);
});

for (const kind of ["changed", "notFound"] as const) {
  test(`what came too late is looked at again, and then taken back: ${kind}`, async ({ page }) => {
    await open(page, "activity/runs");
    await page
      .getByRole("button", { name: /^Undo what this run changed/ })
      .first()
      .click();
    const dialog = page.getByRole("dialog", { name: "Take it back?" });
    const undo = dialog.getByRole("button", { name: /^Undo \d+ change/ });
    await pull(page, "fail", "undo", kind);
    await undo.click();
    await expect(dialog.getByRole("alert")).toContainText("What would be changed is different now: look again.");
    expect((await asked(page)).preview_undo).toBe(2);
    await pull(page, "mend", "undo");
    await undo.click();
    await expect(dialog).toBeHidden();
    await expect(page.getByText("Started. Your servers are being told.")).toBeVisible();
  });
}

test("what cannot be taken back is said in the dialog, and what would be changed stays in sight", async ({ page }) => {
  await open(page, "activity/runs");
  await page
    .getByRole("button", { name: /^Undo what this run changed/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog", { name: "Take it back?" });
  await pull(page, "fail", "undo", "busy");
  await dialog.getByRole("button", { name: /^Undo \d+ change/ }).click();
  await expect(dialog.getByRole("alert")).toContainText("The database is locked by another program.");
  await expect(dialog.getByText("It stays so")).toBeVisible();
  // What was nothing any more when it was looked at again is said too.
  await pull(page, "fail", "undo", "changed");
  await pull(page, "fail", "preview_undo", "notFound");
  await dialog.getByRole("button", { name: /^Undo \d+ change/ }).click();
  await expect(dialog.getByRole("alert")).toHaveCount(1);
  await expect(dialog.getByRole("button", { name: "Try again" })).toBeVisible();
});

test("one line of a title's journal is taken back, and its panel stays", async ({ page }) => {
  await open(page, "activity");
  await page.locator(".line").filter({ hasText: "Told" }).first().getByRole("link").click();
  const panel = page.getByRole("complementary", { name: "Title" });
  const undo = panel.getByRole("button", { name: /^Undo: / });
  await expect(undo.first()).toBeVisible();
  const before = await undo.count();
  await undo.first().click();
  const dialog = page.getByRole("dialog", { name: "Take it back?" });
  await expect(dialog.getByText(/would be written/)).toBeVisible();
  expect(await found(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(panel).toBeVisible();
  expect(await undo.count()).toBe(before);
});

test("all changes to a title are taken back at once", async ({ page }) => {
  await open(page, "history");
  const rows = page.getByRole("list", { name: "Titles" }).getByRole("listitem");
  await rows.filter({ hasText: "Slow Rivers" }).first().getByRole("link").click();
  const panel = page.getByRole("complementary", { name: "Title" });
  const all = panel.getByRole("button", { name: "Undo all changes to this title…" });
  await panel.getByRole("button", { name: "Mark watched everywhere" }).click();
  await expect(panel.getByRole("button", { name: /^Undo: / })).toHaveCount(4);
  await all.click();
  const dialog = page.getByRole("dialog", { name: "Take it back?" });
  await expect(dialog.getByText("2 changes would be written, of 1 title.")).toBeVisible();
  await expect(dialog.getByText("1 left as it is", { exact: true })).toBeVisible();
  expect(await found(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(panel).toBeVisible();
  await expect(all).toBeFocused();
  await all.press("Enter");
  await dialog.getByRole("button", { name: "Undo 2 changes" }).click();
  await expect(dialog).toBeHidden();
  await expect(panel.getByText("Undone by you.").first()).toBeVisible();
});

test("a server is restored to a snapshot after a look at what that would write", async ({ page }) => {
  await open(page, "activity/snapshots");
  await expect(page.getByRole("button", { name: /^Restore / }).first()).toBeVisible();
  expect(await found(page)).toEqual([]);
  await page
    .getByRole("button", { name: /^Restore / })
    .nth(8)
    .click();
  const dialog = page.getByRole("dialog", { name: /^Restore .*\?$/ });
  await dialog.getByRole("button", { name: /^Restore \d+ change/ }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Started. Your servers are being told.")).toBeVisible();
});
