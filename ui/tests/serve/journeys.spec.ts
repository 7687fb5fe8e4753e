// What people do every day, on the app itself: three servers that are in sync, in real time.
import { expect, test, type Household } from "./household";
import { Viewer } from "./viewer";

/** What travels by real sockets on a busy computer may take so long. */
const REAL = 60_000;

/** A movie that nobody has watched yet. */
async function unwatched(household: Household): Promise<string> {
  const filter = { kind: "movie", state: "unwatched" } as const;
  const { rows } = await household.ask("titles", { filter, from: 0, size: 1 });
  if (!rows[0]) throw new Error("everything was watched");
  return rows[0].name;
}

test("a title is found, marked everywhere, and every server shows it", async ({ page, inSync }) => {
  await inSync.open(page, "history");
  const name = await unwatched(inSync);
  await page.getByRole("searchbox", { name: "Search titles" }).fill(name);
  const titles = page.getByRole("list", { name: "Titles" }).getByRole("listitem");
  await expect(titles.first()).toContainText(name);
  await titles.first().getByRole("link").click();
  const panel = page.getByRole("complementary", { name: "Title" });
  const copies = panel.getByRole("region", { name: "On your servers" }).getByRole("listitem");
  await expect(copies).toHaveCount(3);
  for (const copy of await copies.all()) await expect(copy).toContainText("Not watched");

  await panel.getByRole("button", { name: "Mark watched everywhere" }).click();
  await expect(panel.getByRole("button", { name: "Mark not watched everywhere" })).toBeVisible();
  await expect(panel.getByText("Marked by you in WatchState.")).toBeVisible();
  for (const copy of await copies.all()) {
    await expect(copy).toContainText("Watched", { timeout: 30_000 });
    await expect(copy).not.toContainText("Will become");
  }
  const told = panel.getByRole("region", { name: "What happened" }).getByRole("listitem").filter({ hasText: "Told" });
  for (const server of ["plex", "jellyfin", "emby"]) await expect(told.filter({ hasText: server })).toHaveCount(1);
  const ben = await Viewer.signIn(await inSync.address("jellyfin"), "ben");
  const kim = await Viewer.signIn(await inSync.address("emby"), "kim");
  expect([await ben.hasWatched(name), await kim.hasWatched(name)]).toEqual([true, true]);
  await expect(page.getByRole("status").first()).toContainText("In sync");
});

test("what somebody watches on one server is read and written by Run now, and Activity shows both", async ({
  page,
  inSync,
}) => {
  // Who listens to servers would be there first.
  await inSync.ask("set_setting", { name: "WS_REALTIME", value: "false" });
  const heard = async () => (await inSync.ask("backends", {})).map((backend) => backend.connection.state);
  await expect.poll(heard, { timeout: REAL }).toEqual(["off", "off", "off"]);
  const name = await unwatched(inSync);
  const ben = await Viewer.signIn(await inSync.address("jellyfin"), "ben");
  const kim = await Viewer.signIn(await inSync.address("emby"), "kim");
  await ben.watch(name);
  await inSync.open(page, "tasks");
  const task = (title: string) =>
    page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("heading", { name: title, exact: true }) });
  await task("Import").getByRole("button", { name: "Run now" }).click();
  await expect(task("Import").getByLabel("Went well")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("status").first()).toContainText("Waiting for the next sync");
  expect(await kim.hasWatched(name), "an import writes nothing").toBe(false);
  await task("Export").getByRole("button", { name: "Run now" }).click();
  await expect(page.getByRole("status").first()).toContainText("In sync", { timeout: 30_000 });
  expect(await kim.hasWatched(name)).toBe(true);

  await page.getByRole("link", { name: "Activity", exact: true }).click();
  await page.getByRole("searchbox", { name: "Search changes" }).fill(name);
  const changes = page.getByRole("list", { name: "Changes" }).getByRole("listitem");
  await expect(changes).toHaveCount(3);
  await expect(changes.filter({ hasText: "Learnt" })).toContainText("jellyfin");
  await expect(changes.filter({ hasText: "Told" })).toHaveCount(2);
  await page.getByText("Runs", { exact: true }).click();
  const runs = page.getByRole("list", { name: "Runs" }).getByRole("listitem");
  await expect(runs.filter({ hasText: "Export to" }).filter({ hasText: "emby" }).first()).toContainText("1 written");
  await expect(runs.filter({ hasText: "Import from" }).filter({ hasText: "jellyfin" }).first()).toContainText(
    "1 changed",
  );
  await inSync.ask("set_setting", { name: "WS_REALTIME", value: null });
});

test("what somebody watches on one server is on the others by itself, and the window says so without a reload", async ({
  page,
  inSync,
}) => {
  const heard = async () => (await inSync.ask("backends", {})).map((backend) => backend.connection.state);
  await expect.poll(heard, { timeout: REAL }).toEqual(["live", "live", "live"]);
  const name = await unwatched(inSync);
  const ben = await Viewer.signIn(await inSync.address("jellyfin"), "ben");
  const kim = await Viewer.signIn(await inSync.address("emby"), "kim");
  await inSync.open(page, "activity");
  await page.getByRole("searchbox", { name: "Search changes" }).fill(name);
  const changes = page.getByRole("list", { name: "Changes" }).getByRole("listitem");
  await expect(page.getByText("No change matches")).toBeVisible();
  await ben.watch(name);
  await expect(changes).toHaveCount(3, { timeout: REAL });
  await expect(changes.filter({ hasText: "Learnt" })).toContainText("jellyfin");
  await expect(changes.filter({ hasText: "Told" })).toHaveCount(2);
  expect(await kim.hasWatched(name)).toBe(true);
  await expect(page.getByRole("status").first()).toContainText("In sync", { timeout: REAL });
});

test("a crontab line is said in words as one types, kept, and locked where the environment sets it", async ({
  page,
  inSync,
}) => {
  await inSync.open(page, "tasks");
  await expect(page.getByText("Set by WS_CRON_IMPORT", { exact: true })).toBeVisible();
  const exports = page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Export" }) });
  await exports.getByRole("button", { name: "Change" }).click();
  const line = exports.getByLabel(/crontab line/);
  await line.fill("30 6 * * 1-5");
  await expect(exports.getByText(/06:30/).first()).toBeVisible();
  await line.fill("0 25 * * *");
  await expect(exports.getByText(/25/).first()).toBeVisible();
  await expect(exports.getByRole("button", { name: "Save" })).toBeDisabled();
  await line.fill("15 4 * * *");
  await exports.getByRole("button", { name: "Save" }).click();
  await page.reload();
  await expect(exports.getByText("every day at 04:15")).toBeVisible();
  await expect(exports.getByText(/^Next: /)).toContainText("04:15");
  await exports.getByRole("switch", { name: "Export" }).click();
  await expect(exports.getByText("It runs only when you say so.")).toBeVisible();
});

test("a setting is kept over a reload, refused with words when it is out of bounds, and set back", async ({
  page,
  inSync,
}) => {
  await inSync.open(page, "settings");
  const threshold = page.getByRole("spinbutton", { name: "Full export from" });
  const before = await threshold.inputValue();
  await threshold.fill("2000");
  await threshold.press("Enter");
  await expect(page.getByRole("button", { name: "Back to the default" })).toBeVisible();
  await page.reload();
  await expect(threshold).toHaveValue("2000");
  await threshold.fill("-1");
  await threshold.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await page.reload();
  await page.getByRole("button", { name: "Back to the default" }).click();
  await expect(threshold).toHaveValue(before);
  await page.getByLabel("Theme").selectOption("dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Back to the default" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});

test("sync is paused and resumed, and the status line says so", async ({ page, inSync }) => {
  await inSync.open(page, "overview");
  const status = page.getByRole("status").first();
  await expect(status).toContainText("In sync");
  await page.getByRole("button", { name: "Pause sync" }).click();
  await page.getByRole("menuitem", { name: "Pause for 30 minutes" }).click();
  await expect(status).toContainText("Paused");
  await expect(status).toContainText("paused until");
  await page.reload();
  await expect(status).toContainText("Paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(status).toContainText("In sync");
});

test("a server is tested, switched off and on, and its directions are told in words", async ({ page, inSync }) => {
  await inSync.open(page, "backends");
  await page.getByRole("button", { name: "Test emby" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("signed in as kim");
  await dialog.getByRole("button", { name: "Done" }).click();
  const exports = page.getByRole("switch", { name: "Export to emby" });
  await exports.click();
  await expect(exports).not.toBeChecked();
  await expect(page.getByText("nothing is written")).toBeVisible();
  await exports.click();
  await expect(exports).toBeChecked();
  await page.getByRole("button", { name: "Sync now" }).click();
  await expect(page.getByRole("status").first()).toContainText("In sync", { timeout: 30_000 });
});
