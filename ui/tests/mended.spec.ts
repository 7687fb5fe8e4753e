// What a person is asked and told when something is not what it was.
import { expect, test } from "@playwright/test";
import { open } from "./household";
import { tabTo } from "./keyboard";

test("another server in the place of the old one is asked about, and is taken after a yes", async ({ page }) => {
  await open(page, "backends", "stranger");
  await expect(page.getByText("Another server than before answers at its address.")).toBeVisible();
  await tabTo(page, /Who is it/);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Who answers for Den?" });
  await expect(dialog).toContainText("den2");
  await expect(dialog).toContainText("none is taken away");
  await dialog.getByRole("button", { name: "Leave it" }).click();
  await expect(page.getByText("Another server than before answers at its address.")).toBeVisible();

  await page.getByRole("button", { name: "Who is it?" }).click();
  await dialog.getByLabel("Password", { exact: true }).last().fill("wrong");
  await dialog.getByRole("button", { name: "It is new in its place" }).click();
  await expect(dialog.getByRole("alert")).toContainText("The password is not right.");
  await dialog.getByLabel("Password", { exact: true }).last().fill("right");
  await dialog.getByRole("button", { name: "It is new in its place" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Another server than before answers at its address.")).toBeHidden();
  await expect(page.getByText("Nothing was written to it yet.")).toBeVisible();
});

test("a database that was made anew is told until it was read", async ({ page }) => {
  await open(page, "overview", "mended");
  await expect(page.getByText("The database was damaged (its pages do not fit together)")).toBeVisible();
  await expect(page.getByText(/a copy made .* ago/)).toContainText("no mark is taken away");
  await expect(page.getByText(/watchstate-damaged-/)).toBeVisible();
  await tabTo(page, /I have read this/);
  await page.keyboard.press("Enter");
  await expect(page.getByText("The database was damaged (its pages do not fit together)")).toBeHidden();
  await expect(page.getByRole("status").first()).toContainText("in sync");
});
