// Whoever goes by the keyboard or by ear is never put back to the start of the window.
import { expect, test, type Page } from "@playwright/test";
import { open } from "./household";

const heading = (page: Page, name: string | RegExp, level = 1) => page.getByRole("heading", { level, name });

test("a dialog that closes gives the focus back to what opened it", async ({ page }) => {
  await open(page, "activity/runs");
  const undo = page.getByRole("button", { name: /^Undo what this run changed/ }).first();
  for (const close of ["Escape", "Cancel"]) {
    await undo.press("Enter");
    await expect(page.getByRole("button", { name: /^Undo \d+ change/ })).toBeEnabled();
    if (close === "Escape") await page.keyboard.press("Escape");
    else await page.getByRole("button", { name: close }).press("Enter");
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(undo).toBeFocused();
  }
});

test("a dialog that was opened from a menu gives the focus back to the menu's button", async ({ page }) => {
  await open(page, "backends");
  const more = page.getByRole("button", { name: "More for Den" });
  await more.press("Enter");
  await page.getByRole("menuitem", { name: "Edit" }).press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(more).toBeFocused();
});

test("what an answer would write is read from its heading, and so are the titles on the way back", async ({ page }) => {
  await open(page, "review", "lost");
  await page.getByRole("button", { name: "Keep all 31 titles watched…" }).press("Enter");
  await expect(heading(page, "Keep watched, and put the marks back on Den", 2)).toBeFocused();
  await page.getByRole("button", { name: "Back" }).press("Enter");
  await expect(heading(page, /^31 titles lost/, 2)).toBeFocused();
  // Who only turns to another part stays where they pressed.
  await page.getByRole("radio", { name: /Lost marks/ }).press("ArrowRight");
  await expect(page.getByRole("radio", { name: "To be written" })).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(heading(page, /^31 titles lost/, 2)).toBeVisible();
  await expect(page.getByRole("radio", { name: /Lost marks/ })).toBeFocused();
});

test("the way back from a backup is read from its heading, and so is the list after it", async ({ page }) => {
  await open(page, "backups");
  await page.getByRole("link", { name: /^Restore Den,/ }).first().press("Enter");
  await expect(heading(page, "Restore Den")).toBeFocused();
  await page.getByRole("link", { name: "All backups" }).press("Enter");
  await expect(heading(page, "Backups")).toBeFocused();
});

test("a view is read from its heading, and a title that is opened from elsewhere from its own", async ({ page }) => {
  await open(page, "overview");
  await page.keyboard.press("ControlOrMeta+6");
  await expect(heading(page, "Activity")).toBeFocused();
  await page.getByRole("list", { name: "Changes" }).getByRole("link").first().press("Enter");
  await expect(page.getByRole("complementary", { name: "Title" })).toBeFocused();
  // What is chosen on the page itself keeps the focus.
  await page.keyboard.press("ControlOrMeta+6");
  await page.getByText("Runs", { exact: true }).click();
  await expect(page.getByRole("list", { name: "Runs" })).toBeVisible();
  await expect(page.getByRole("radio", { name: "Runs" })).toBeFocused();
});

test("the demo is begun, and what takes the place of the first sight is read", async ({ page }) => {
  await open(page, "overview", "empty");
  await page.getByRole("button", { name: "Try it with demo servers" }).press("Enter");
  await expect(heading(page, "Overview")).toBeFocused();
});
