// What a person does in Review: with titles that lost their mark, and with what would be written.
import { expect, test, type Page } from "@playwright/test";
import { tabTo } from "./keyboard";
import { elsewhere, found, open, pull } from "./household";

const lost = (page: Page) => page.getByRole("list", { name: "Titles that lost their mark" });

/** Turns to a server, and waits for the words of its titles. */
async function turnTo(page: Page, name: string, titles: number): Promise<void> {
  await page.getByRole("group", { name: "Server" }).getByText(name).click();
  await expect(page.getByRole("heading", { name: `${titles} titles lost` })).toBeVisible();
  await expect(lost(page).getByRole("checkbox").first()).toBeVisible();
}

test("marks that a server lost are put back, after a look at what that writes", async ({ page }) => {
  await open(page, "overview", "lost");
  await expect(page.getByText("31 titles lost their watched mark on Den, and wait.")).toBeVisible();
  await expect(page.getByRole("link", { name: /^Review/ }).first()).toContainText(/2\s*waiting/);
  await page.getByRole("main").getByRole("link", { name: "Review" }).first().click();
  await expect(page.getByRole("heading", { name: "31 titles lost their watched mark on Den" })).toBeVisible();
  await expect(page.getByText("The latest marks there are gone all at once").first()).toBeVisible();
  await page.getByRole("button", { name: "Keep all 31 titles watched…" }).click();
  await expect(page.getByRole("heading", { name: "Keep watched, and put the marks back on Den" })).toBeVisible();
  const changes = page.getByRole("list", { name: "Changes" });
  await expect(changes.getByText("Refused by you: it stays watched").first()).toBeVisible();
  await page.getByRole("button", { name: "Write 31 changes" }).click();
  await expect(page.getByText("64 titles lost their watched mark on Cabin in the woods, and wait.")).toBeVisible();
  await expect(page.getByText("lost their watched mark on Den")).toBeHidden();
});

test("some are marked as not watched, the others wait on", async ({ page }) => {
  await open(page, "review", "lost");
  await turnTo(page, "Cabin", 64);
  const list = lost(page);
  await list.getByRole("checkbox").nth(0).check();
  await list.getByRole("checkbox").nth(1).check();
  await page.getByRole("button", { name: "Mark 2 chosen titles not watched…" }).click();
  await expect(page.getByRole("heading", { name: "Mark as not watched on every server" })).toBeVisible();
  await expect(page.getByText("2 not watched").first()).toBeVisible();
  // Nothing is decided by looking, and what was ticked still is.
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByRole("heading", { name: "64 titles lost" })).toBeVisible();
  await expect(list.getByRole("checkbox", { checked: true })).toHaveCount(2);
  await list.getByRole("checkbox").nth(1).uncheck();
  await page.getByRole("button", { name: "Mark 1 chosen title not watched…" }).click();
  await page.getByRole("button", { name: /^Write/ }).click();
  await expect(page.getByText("63 titles lost their watched mark on Cabin in the woods, and wait.")).toBeVisible();
});

test("what a search finds is chosen at once", async ({ page }) => {
  await open(page, "review", "lost");
  const list = lost(page);
  // A row without a checkbox still waits for its title.
  await expect(list.getByRole("checkbox").first()).toBeVisible();
  const word = /\p{L}+/u.exec(await list.getByRole("listitem").first().innerText())?.[0] ?? "";
  expect(word).not.toBe("");
  await page.getByRole("searchbox", { name: "Search these titles" }).fill(word);
  await page.getByRole("button", { name: /^Choose these/ }).click();
  await expect(page.getByRole("button", { name: /chosen title.* watched…/ }).first()).toBeVisible();
  await page.getByRole("button", { name: /^Choose none/ }).click();
  await expect(page.getByRole("button", { name: "Keep all 31 titles watched…" })).toBeVisible();
});

test("what was searched for is still there after a look", async ({ page }) => {
  await open(page, "review", "lost");
  await turnTo(page, "Cabin", 64);
  const search = page.getByRole("searchbox", { name: "Search these titles" });
  await search.fill("harbour");
  await page.getByRole("button", { name: /^Choose these/ }).click();
  await page.getByRole("button", { name: /^Keep \d+ chosen titles? watched…/ }).click();
  await expect(page.getByRole("heading", { name: "Keep watched, and put the marks back on Cabin" })).toBeVisible();
  await page.getByRole("button", { name: "Back" }).click();
  await expect(search).toHaveValue("harbour");
  await expect(page.getByRole("button", { name: /^Choose none/ })).toBeVisible();
});

test("no title of another server can be ticked while the answer is on its way, or when none comes", async ({
  page,
}) => {
  await open(page, "review", "lost");
  const boxes = lost(page).getByRole("checkbox");
  await expect(boxes.first()).toBeVisible();
  await pull(page, "hold", "held");
  await page.getByRole("group", { name: "Server" }).getByText("Cabin").click();
  await expect(page.getByRole("heading", { name: "64 titles lost" })).toBeVisible();
  await expect(boxes).toHaveCount(0);
  await pull(page, "fail", "held");
  await pull(page, "letGo", "held");
  await expect(page.getByText("The database is locked by another program.")).toBeVisible();
  await expect(boxes).toHaveCount(0);
  await pull(page, "mend", "held");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(boxes.first()).toBeVisible();
});

test("what a search finds is not chosen by whoever turned to another server meanwhile", async ({ page }) => {
  await open(page, "review", "lost");
  await page.getByRole("searchbox", { name: "Search these titles" }).fill("harbour");
  const these = page.getByRole("button", { name: /^Choose these/ });
  await expect(these).toBeVisible();
  await pull(page, "hold", "held");
  await these.click();
  await page.getByRole("group", { name: "Server" }).getByText("Cabin").click();
  await expect(page.getByRole("heading", { name: "64 titles lost" })).toBeVisible();
  await pull(page, "letGo", "held");
  await expect(lost(page).getByRole("checkbox").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Keep all 64 titles watched…" })).toBeVisible();
});

test("when the server in sight has nothing left to answer, nothing of the next one is ticked", async ({ page }) => {
  await open(page, "review", "lost");
  await lost(page).getByRole("checkbox").first().check();
  await expect(page.getByRole("button", { name: "Keep 1 chosen title watched…" })).toBeVisible();
  await elsewhere(page, "answer_held", { say: "reject", backend: 2 });
  await expect(page.getByRole("heading", { name: "64 titles lost" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Keep all 64 titles watched…" })).toBeVisible();
});

test("what could not be read is said, and is there when it was asked again", async ({ page }) => {
  await open(page, "review", "lost", "&fails=overview,held_counts");
  const main = page.getByRole("main");
  await expect(main).toContainText("Not all that waits can be shown. The database is locked by another program.");
  await pull(page, "mend", "overview");
  await main.getByRole("button", { name: "Try again" }).click();
  // What would be written is there, and that lost marks may be missing is still said.
  await expect(page.getByText("As things stood").or(page.getByRole("heading", { name: "Nothing to write" }))).toBeVisible();
  await expect(main).toContainText("Not all that waits can be shown.");
  await pull(page, "mend", "held_counts");
  await main.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "31 titles lost" })).toBeVisible();
  await expect(main).not.toContainText("Not all that waits can be shown.");
});

test("it can all be done by keyboard alone", async ({ page }) => {
  await open(page, "review", "lost");
  const boxes = lost(page).getByRole("checkbox");
  await expect(boxes.first()).toBeVisible();
  await tabTo(page, /^Titles that lost their mark/);
  await page.keyboard.press("Tab");
  await expect(boxes.first()).toBeFocused();
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await expect(boxes.nth(1)).toBeFocused();
  await page.keyboard.press("Space");
  await tabTo(page, /Keep 2 chosen titles watched…/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Write 2 changes" })).toBeVisible();
  await tabTo(page, /Write 2 changes/);
  await page.keyboard.press("Enter");
  await expect(page.getByText("29 titles lost their watched mark on Den, and wait.")).toBeVisible();
});

test("what changed after the look is shown before anything is written", async ({ page }) => {
  await open(page, "review", "stale");
  await page.getByRole("button", { name: /^Write/ }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("Something changed after you looked, so nothing was written yet.");
  await expect(alert).toContainText("new (marked New)");
  await page.getByRole("button", { name: /^Write/ }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

test("that nothing asks is said, until it is changed", async ({ page }) => {
  await open(page, "overview", "unheld");
  const off = page.getByText("Nothing asks you before many titles become unwatched at once.");
  await expect(off).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Review" }).first().click();
  await expect(off).toBeVisible();
  await page.getByRole("button", { name: "Change", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Own numbers").click();
  await dialog.getByLabel("And so many of a hundred watched titles").fill("200");
  await expect(dialog.getByText("A whole number from 0 to 100.")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  await dialog.getByLabel("And so many of a hundred watched titles").fill("10");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(off).toBeHidden();
});

test("a rule that was not read is neither shown nor kept", async ({ page }) => {
  await open(page, "review", "unheld", "&fails=brakes");
  await page.getByRole("button", { name: "What waits for you…" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("The database is locked by another program.");
  await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  await expect(dialog.getByText("Never wait")).toHaveCount(0);
  await pull(page, "mend", "brakes");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(dialog.getByRole("radio", { name: "Never wait" })).toBeChecked();
  await expect(dialog.getByRole("button", { name: "Save" })).toBeEnabled();
  await expect(dialog.getByText("The database is locked by another program.")).toBeHidden();
});

test("never to wait keeps the numbers of the rule, whatever was typed before", async ({ page }) => {
  await open(page, "review", "waits");
  const dialog = page.getByRole("dialog");
  const first = dialog.getByLabel("So many always pass");
  await page.getByRole("button", { name: "What waits for you…" }).click();
  await dialog.getByText("Own numbers").click();
  await first.fill("some");
  await dialog.getByText("Never wait").click();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("button", { name: "What waits for you…" }).click();
  await expect(dialog.getByRole("radio", { name: "Never wait" })).toBeChecked();
  await dialog.getByText("Own numbers").click();
  await expect(first).toHaveValue("20");
});

test("what was said of one server's rule is not said of another's", async ({ page }) => {
  await open(page, "review", "waits");
  await page.getByRole("button", { name: "What waits for you…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Never wait").click();
  await pull(page, "fail", "set_brake");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toContainText("The database is locked by another program.");
  await dialog.getByLabel("Server").selectOption({ label: "Den" });
  await expect(dialog.getByRole("alert")).toBeHidden();
});

test("to compare and write everything is to look at it first", async ({ page }) => {
  await open(page, "backends");
  await page.getByRole("button", { name: "More for Den" }).click();
  await page.getByRole("menuitem", { name: /Compare and write everything/ }).click();
  await expect(page.getByRole("heading", { name: "Compare and write everything on Den" })).toBeVisible();
  await expect(page.getByText("As things stood")).toBeVisible();
  await page.getByRole("button", { name: /^Write/ }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test("axe finds nothing in what was lost, and in how it is tuned", async ({ page }) => {
      await open(page, "review", "lost");
      await expect(page.getByRole("checkbox").first()).toBeVisible();
      expect(await found(page)).toEqual([]);
      await page.getByRole("button", { name: "Keep all 31 titles watched…" }).click();
      await expect(page.getByText("As things stood")).toBeVisible();
      expect(await found(page)).toEqual([]);
      await page.getByRole("button", { name: "What waits for you…" }).click();
      await page.getByText("Own numbers").click();
      await expect(page.getByLabel("So many always pass")).toBeVisible();
      expect(await found(page)).toEqual([]);
    });
  });
}
