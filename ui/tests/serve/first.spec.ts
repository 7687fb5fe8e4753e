// The first minutes with the app itself: getting in, the demo, and the first writing.
import { expect, test } from "./household";
import { Served } from "./served";
import { Viewer } from "./viewer";

test("the printed address lets in once, and nobody else gets in", async ({ browser, page }) => {
  const served = await Served.start();
  const address = await served.address();
  const { origin } = new URL(address);
  await page.goto(address);
  await expect(page.getByRole("button", { name: "Try it with demo servers" })).toBeVisible();
  expect(page.url(), "what opened the door does not stay in the address").not.toContain("token");
  expect(await page.evaluate(() => document.cookie), "no script can read the cookie").toBe("");

  const other = await browser.newContext();
  const stranger = await other.newPage();
  expect((await stranger.goto(origin))?.status()).toBe(401);
  await expect(stranger.getByText("Open the address that WatchState printed when it started.")).toBeVisible();
  const asked = stranger.evaluate(async () => {
    const answer = await fetch("/api/overview", { method: "POST", body: "{}" });
    return { status: answer.status, body: await answer.text() };
  });
  expect((await asked).status).toBe(401);
  expect((await asked).body).not.toContain("truth");
  expect((await stranger.goto(address))?.status()).toBe(403);
  await expect(stranger.getByText("This address was used already.")).toBeVisible();

  await page.reload();
  await expect(page.getByRole("button", { name: "Try it with demo servers" })).toBeVisible();
  expect((await stranger.goto(await served.address()))?.status(), "the next one lets in another").toBe(200);
  await other.close();
  await page.goto("about:blank");
  await served.end();
});

test("the demo from the first sight to everything in sync, and nothing is written before Start", async ({
  page,
  empty,
}) => {
  await empty.open(page, "overview");
  await page.getByRole("button", { name: "Try it with demo servers" }).click();
  const status = page.getByRole("status").first();
  await expect(status).toContainText("Demo");
  await expect(status).toContainText("The first export to plex, jellyfin and emby waits for your yes");
  const servers = page.getByRole("region", { name: "Servers" }).getByRole("listitem");
  await expect(servers).toHaveCount(3);
  const ben = await Viewer.signIn(await empty.address("jellyfin"), "ben");
  const kim = await Viewer.signIn(await empty.address("emby"), "kim");
  const before = [await ben.watched(), await kim.watched()];

  await expect(page.getByText("The first writing to plex, jellyfin and emby waits for your yes.")).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Review" }).click();
  const changes = page.getByRole("list", { name: "Changes" });
  await expect(changes.getByText("It shows something else than the other servers.").first()).toBeVisible();
  const preview = await empty.ask("preview", { import: false });
  for (let from = 0; ; from += 200) {
    const { rows, total } = await empty.ask("preview_rows", { preview: preview.id, from, size: 200 });
    expect(rows.filter(({ because }) => because.says === "")).toEqual([]);
    expect(rows.filter(({ action }) => action === "unwatch" || action === "clear")).toEqual([]);
    if (from + rows.length >= total) break;
    expect(rows.length).toBeGreaterThan(0);
  }
  expect([await ben.watched(), await kim.watched()], "looking writes nothing").toEqual(before);

  await page.getByRole("searchbox", { name: "Search these changes" }).fill("matrix");
  await expect(changes.getByRole("listitem").first()).toContainText("The Matrix");
  await page.getByRole("button", { name: /^Write/ }).click();
  await expect(status).toContainText("In sync", { timeout: 60_000 });
  await expect(page.getByRole("main")).toContainText("nothing left to write");
  // The rest of a journey may take more than a minute on a slow computer.
  for (const server of await servers.all()) await expect(server).toContainText(/written (just now|\d+ min ago)/);
  const after = [await ben.watched(), await kim.watched()];
  expect(after[0], "both have the same titles").toBe(after[1]);
  expect(after[0]).toBeGreaterThan(Math.max(...before));
});
