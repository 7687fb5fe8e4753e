// What people do in the window, from start to end.
import { expect, test } from "@playwright/test";
import { asked, open } from "./household";
import { tabTo } from "./keyboard";

test("the wizard is gone through by the keyboard alone, and nothing is written before Start", async ({ page }) => {
  await open(page, "overview", "empty");
  await tabTo(page, /Add your first server/);
  await page.keyboard.press("Enter");

  await expect(page.getByRole("button", { name: /attic/ })).toBeVisible();
  await tabTo(page, /attic/);
  await page.keyboard.press("Enter");

  await tabTo(page, /Quick Connect/);
  await page.keyboard.press("ArrowRight");
  await tabTo(page, /User name/);
  await page.keyboard.type("ana");
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("The name or the password is not right.");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("right");
  await page.keyboard.press("Enter");

  await expect(page.getByText("Which way do marks travel?")).toBeVisible();
  await tabTo(page, /What to call it here/);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("Attic");
  await tabTo(page, /Both ways/);
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("radio", { name: /Only read from it/ })).toBeChecked();
  await page.keyboard.press("ArrowUp");
  await tabTo(page, /^ ?Next/);
  await page.keyboard.press("Enter");

  await expect(page.getByText("It was read.")).toBeVisible({ timeout: 15_000 });
  await tabTo(page, /^ ?Next/);
  await page.keyboard.press("Enter");

  await expect(
    page.getByText("Nothing is written before you press Start.").or(page.getByText("Nothing has to be written now.")),
  ).toBeVisible();
  await tabTo(page, /Start/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Attic was added" })).toBeVisible();
});

test("a sign-in that waits can be cancelled, and comes to its end by itself", async ({ page }) => {
  await open(page, "add");
  await page.getByRole("button", { name: /attic/ }).click();
  await page.getByRole("button", { name: "Get a code" }).click();
  await expect(page.getByText("482913")).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Get a code" }).click();
  await expect(page.getByText("Which way do marks travel?")).toBeVisible({ timeout: 15_000 });
});

test("the servers of a Plex account are listed after its sign-in", async ({ page }) => {
  await open(page, "add");
  await page.getByRole("button", { name: /Plex account/ }).click();
  await page.getByRole("button", { name: "Open plex.tv" }).click();
  await expect(page.getByText("K7QX")).toBeVisible();
  await page.getByRole("button", { name: /Grandma/ }).click({ timeout: 15_000 });
  await expect(page.getByLabel("What to call it here")).toHaveValue("Grandma's");
});

test("the preview shows each change with its reason, can be searched, and is written after a yes", async ({ page }) => {
  await open(page, "review", "waits");
  await expect(page.getByText("This would be the first time that Bedroom is written to.")).toBeVisible();
  const changes = page.getByRole("list", { name: "Changes" });
  await expect(changes.getByText("Seen for the first time: a mark is only ever added.").first()).toBeVisible();
  await page.getByRole("searchbox", { name: "Search these changes" }).fill("cartographer");
  await expect(changes.getByRole("listitem").first()).toContainText("The Cartographer");
  await page.getByRole("button", { name: /^Write/ }).click();
  await expect(page.getByRole("status").first()).toContainText("All 4 servers are in sync", { timeout: 15_000 });
});

test("a title is found as one types, opened, and marked everywhere", async ({ page }) => {
  await open(page, "history");
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("slow rivers");
  const rows = page.getByRole("list", { name: "Titles" }).getByRole("listitem");
  await expect(rows.first()).toContainText("Slow Rivers");
  await rows.first().getByRole("link").click();
  const panel = page.getByRole("complementary", { name: "Title" });
  await panel.getByRole("button", { name: "Mark watched everywhere" }).click();
  await expect(panel.getByText("You asked for it in the window.")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Mark not watched everywhere" })).toBeVisible();
  await expect(panel.getByText("It did not show yet what the others show.").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(rows.first().getByRole("link")).toBeFocused();
});

test("filters narrow the list, and can all be cleared", async ({ page }) => {
  await open(page, "history", "waits");
  await expect(page.getByText("400 titles")).toBeVisible();
  await page.getByLabel("Type").selectOption("movie");
  await page.getByLabel("Server").selectOption({ label: "Missing on Den" });
  await expect(page.getByText("400 titles")).toBeHidden();
  await page.getByRole("searchbox", { name: "Search titles" }).fill("no such title");
  await expect(page.getByRole("heading", { name: "No title matches" })).toBeVisible();
  await page.getByRole("button", { name: "Clear search and filters" }).click();
  await expect(page.getByText("400 titles")).toBeVisible();
  await expect(page.getByRole("searchbox", { name: "Search titles" })).toHaveValue("");
});

test("200,000 titles: only what is in sight exists, and the last one can be reached", async ({ page }) => {
  await open(page, "history", "calm", "&titles=200000");
  await expect(page.getByText("200,000 titles")).toBeVisible();
  const list = page.getByRole("list", { name: "Titles" });
  await list.evaluate((box) => {
    box.scrollTop = box.scrollHeight;
  });
  await expect(list.locator('[aria-posinset="200000"] a')).toBeVisible();
  expect(await list.getByRole("listitem").count()).toBeLessThan(60);
  await list.evaluate((box) => {
    box.scrollTop = box.scrollHeight / 2;
  });
  // Each row in sight gets its words, as soon as the rows of the middle are there.
  await expect.poll(() => list.getByRole("link").count()).toBeGreaterThan(10);
  await expect(list.locator(".waiting")).toHaveCount(0);
});

test("the same question is asked once, and not again until something changed", async ({ page }) => {
  await page.clock.install();
  await open(page, "history");
  const rows = page.getByRole("list", { name: "Titles" }).getByRole("listitem");
  await expect(rows.first()).toContainText("Lighthouse");
  const before = await asked(page);
  expect(before.overview, "the window and its line of status share one").toBe(1);
  await page.mouse.move(400, 400);
  await page.clock.runFor("02:00");
  expect(await asked(page), "two minutes later").toEqual(before);
  await page.getByRole("link", { name: "Tasks", exact: true }).click();
  await expect(page.getByRole("button", { name: "Change" }).first()).toBeVisible();
  await page.clock.runFor("02:00");
  const { tasks, ...others } = await asked(page);
  expect(tasks).toBe(1);
  expect(others).toEqual(before);
});

test("a crontab line is said in words as one types, and a mistake is named with its place", async ({ page }) => {
  await open(page, "tasks");
  await page.getByRole("button", { name: "Change" }).first().click();
  const line = page.getByLabel(/crontab line/);
  await line.fill("30 6 * * *");
  await expect(page.getByText("every day at 06:30")).toBeVisible();
  await line.fill("0 25 * * *");
  await expect(page.getByText(/“25” at sign 3 is no hour/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await page.getByRole("button", { name: "Every night at 3" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("every day at 03:00").first()).toBeVisible();
});

test("sync is paused and resumed, started and stopped, and the status line says so", async ({ page }) => {
  await open(page, "overview", "calm", "", 200);
  const status = page.getByRole("status").first();
  await page.getByRole("button", { name: "Pause sync" }).click();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(status).toContainText("Sync is paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(status).toContainText("All 3 servers are in sync");
  await page.getByRole("button", { name: "Sync now" }).click();
  await expect(page.getByRole("progressbar").first()).toBeVisible();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("button", { name: "Sync now" })).toBeVisible();
});

test("a backend is switched, renamed and removed, and its history is kept unless told", async ({ page }) => {
  await open(page, "backends");
  await page.getByRole("switch", { name: "Export to Den" }).click();
  await expect(page.getByRole("switch", { name: "Export to Den" })).not.toBeChecked();
  const imports = page.getByRole("combobox", { name: "Import from Den" });
  for (const way of ["off", "metadata"]) {
    await imports.selectOption(way);
    await expect(imports).toHaveValue(way);
  }
  await page.getByRole("button", { name: "More for Den" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByLabel("Name").fill("The den");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "More for The den" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await expect(page.getByRole("radio", { name: /Keep its history/ })).toBeChecked();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByRole("heading", { name: "The den", exact: true })).toBeHidden();
});

test("a server that did not take something is not in sync, and the card says what to do", async ({ page }) => {
  await open(page, "overview", "parked");
  const den = page.getByRole("region", { name: "Servers" }).getByRole("listitem").filter({ hasText: "Den" });
  await expect(den).toContainText("2 changes not taken");
  await expect(den).toContainText("2 gave up");
  await den.getByRole("link").click();
  const card = page.getByRole("listitem").filter({ hasText: "Den" }).filter({ hasText: "Jellyfin" });
  await expect(card).toContainText("It did not take 2 changes, and they are not tried any more.");
  await expect(card.getByRole("button", { name: "Compare and write everything" })).toBeVisible();
});

test("a setting is kept, refused with words when it is out of bounds, and shown locked when the environment sets it", async ({
  page,
}) => {
  await open(page, "settings");
  const threshold = page.getByRole("spinbutton", { name: "Full export from" });
  await threshold.fill("0");
  await threshold.press("Enter");
  await expect(page.getByRole("alert")).toContainText("A number from 1 to 100000.");
  await threshold.fill("2000");
  await threshold.press("Enter");
  await expect(page.getByRole("alert")).toBeHidden();
  await expect(page.getByRole("textbox", { name: "Data folder" })).toBeDisabled();
  await page.getByLabel("Theme").selectOption("dark");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("what fails says what and what to do, in the status line and in the view", async ({ page }) => {
  await open(page, "history", "calm", "&fails");
  await expect(page.getByRole("status").first()).toContainText("The database is locked by another program.");
  await expect(page.getByRole("main")).toContainText("Close the other program.");
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
});

test("what keeps everything from going on is said with what to do, wherever one looks", async ({ page }) => {
  await open(page, "overview", "full");
  await expect(page.getByRole("status").first()).toContainText("The disk is full");
  await expect(page.getByRole("status").first()).toContainText("Make room on the disk.");
  await expect(page.getByRole("region", { name: "How it stands" })).toContainText("Make room on the disk.");
});

test("the window works under the content policy of the app", async ({ page }) => {
  const broken: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") broken.push(message.text());
  });
  await page.route("/?sample*", async (route) => {
    const answer = await route.fetch();
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'";
    await route.fulfill({ response: answer, headers: { ...answer.headers(), "content-security-policy": policy } });
  });
  await open(page, "history/4");
  const row = page.getByRole("list", { name: "Titles" }).getByRole("listitem").first();
  await expect(row).toContainText("Lighthouse");
  expect((await row.boundingBox())?.height).toBe(52);
  await page.getByRole("link", { name: "Backends", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Backends" })).toBeVisible();
  expect(broken).toEqual([]);
});

test("each view has its number on the keyboard", async ({ page }) => {
  await open(page, "overview");
  for (const [at, name] of ["Overview", "History", "Backends", "Review", "Tasks", "Activity", "Backups", "Settings"].entries()) {
    await page.keyboard.press(`ControlOrMeta+${at + 1}`);
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    await expect(page.getByRole("link", { name: new RegExp(name) }).first()).toHaveAttribute("aria-current", "page");
  }
});

test("the demo is begun from the first sight, and the window says that it is one", async ({ page }) => {
  await open(page, "overview", "empty");
  await page.getByRole("button", { name: "Try it with demo servers" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(page.getByRole("status").first()).toContainText("Demo");
});
