// What one sees of what happens now: who watches what, where it goes, and how each server is listened to.
import { expect, test, type Page } from "@playwright/test";
import { found, open } from "./household";
import { tabTo } from "./keyboard";

const now = (page: Page) => page.getByRole("region", { name: "Watching now" });
const lines = (page: Page) => now(page).getByRole("listitem");
const watch = (page: Page, many: number) =>
  page.evaluate((n) => {
    (window as unknown as { watch: (many: number) => void }).watch(n);
  }, many);

test("nobody watches: there is nothing, not even a place for it", async ({ page }) => {
  await open(page, "overview");
  await expect(page.getByRole("heading", { name: "Servers" })).toBeVisible();
  await expect(page.getByText("Watching now")).toHaveCount(0);
});

test("what is watched is there without a reload, with where it goes, and goes again", async ({ page }) => {
  await open(page, "overview");
  await expect(page.getByRole("heading", { name: "Servers" })).toBeVisible();
  await watch(page, 1);
  const one = lines(page).first();
  await expect(one.getByRole("link", { name: "Harbour Street" })).toBeVisible();
  await expect(one).toContainText("S01E04");
  await expect(one).toContainText("ana on Den (Jellyfin), Living room TV");
  await expect(one).toContainText("Written so far to Living room");
  await expect(one).toContainText("Will be written to Cabin in the woods");
  await expect(one.getByRole("progressbar", { name: "How far Harbour Street is" })).toHaveAttribute(
    "aria-valuetext",
    /^\d+:\d\d of \d/,
  );
  await watch(page, 4);
  await expect(lines(page)).toHaveCount(4);
  await expect(one).toContainText("Living room plays it too, and is told afterwards");
  await watch(page, 0);
  await expect(now(page)).toHaveCount(0);
});

test("titles that are long, run from right to left, or are not known do not break the line", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 600 });
  await open(page, "overview", "calm", "&watching=5");
  await expect(lines(page)).toHaveCount(5);
  const long = lines(page).nth(1);
  await expect(long).toContainText("paused");
  for (const line of await lines(page).all()) {
    const { wide, room, high } = await line.evaluate((box) => ({
      wide: box.scrollWidth,
      room: box.clientWidth,
      high: box.clientHeight,
    }));
    expect(wide, "nothing sticks out").toBeLessThanOrEqual(room);
    expect(high, "a title has one line, however long it is").toBeLessThan(130);
  }
  await expect(lines(page).nth(2).locator("bdi", { hasText: "تلفاز" })).toBeVisible();
  const unknown = lines(page).nth(4);
  await expect(unknown).toContainText("A title that is not known yet");
  await expect(unknown).toContainText("No import has seen this title yet.");
  await expect(unknown.getByRole("progressbar")).toHaveCount(0);
});

test("a line leads to its title by the keyboard", async ({ page }) => {
  await open(page, "overview", "calm", "&watching=2");
  await expect(lines(page)).toHaveCount(2);
  await tabTo(page, /Harbour Street/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("complementary", { name: "Title" })).toContainText("Harbour Street");
});

test("whoever wants motion sees it unfold in less than 200 ms; whoever does not sees none", async ({ page }) => {
  const moved = (): Promise<number[]> =>
    page.evaluate(() => {
      (window as unknown as { watch: (many: number) => void }).watch(1);
      return new Promise<number[]>((done) => {
        const look = (): void => {
          const box = document.querySelector("section[aria-labelledby=watching]")?.parentElement;
          if (!box) {
            requestAnimationFrame(look);
            return;
          }
          requestAnimationFrame(() => {
            done(box.getAnimations().map((one) => Number(one.effect?.getTiming().duration)));
          });
        };
        look();
      });
    });
  await open(page, "overview");
  await expect(page.getByRole("heading", { name: "Servers" })).toBeVisible();
  expect(await moved()).toEqual([]);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  await page.reload();
  await expect(page.getByRole("heading", { name: "Servers" })).toBeVisible();
  const with_ = await moved();
  expect(with_.length).toBeGreaterThan(0);
  expect(Math.max(...with_)).toBeLessThan(200);
});

test("each server says how it is listened to, what that costs, and why it is not", async ({ page }) => {
  await open(page, "overview", "trouble");
  const servers = page.getByRole("region", { name: "Servers" });
  await expect(servers.getByRole("link", { name: /Living room/ })).toContainText("Live");
  await expect(servers.getByRole("link", { name: /Cabin/ })).toContainText("Asked every minute");
  await expect(servers.getByRole("link", { name: /Bedroom/ })).toContainText("Offline");
  await servers.getByRole("link", { name: /Living room/ }).click();
  const card = (name: string) =>
    page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });
  await expect(card("Living room")).toContainText(
    "Its server tells what is played; for the rest it is asked every 30 s. 121 requests in the last hour, 96 kB read. 38 messages about others dropped.",
  );
  await expect(card("Den")).toContainText("Its server tells what happens. 4 requests in the last hour, 6 kB read.");
  await expect(card("Bedroom")).toContainText("Nothing answers at its address. It is tried again by itself.");
  await page.getByRole("combobox", { name: "Import from Den" }).selectOption("off");
  await expect(card("Den")).toContainText("Not live");
  await expect(card("Den")).toContainText("Nothing is read from it, because its import is off.");
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    test("axe finds nothing while people watch", async ({ page }) => {
      await open(page, "overview", "calm", "&watching=5");
      await expect(lines(page)).toHaveCount(5);
      expect(await found(page)).toEqual([]);
    });
  });
}
