// Everyone can use every view of the app itself: axe finds nothing, in light and in dark.
import { expect, type Page } from "@playwright/test";
import { found } from "../household";
import { test } from "./household";

const inTheWizard = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: /Type its address/ }).click();
};

/** Of the household in sync, what is opened by its place, and what has to be there or done first. */
const places: { name: string; place: string; first: (page: Page) => Promise<void> }[] = [
  {
    name: "overview",
    place: "overview",
    first: (page) =>
      expect(page.getByRole("region", { name: "Latest changes" }).getByRole("listitem").first()).toHaveText(/\S/),
  },
  {
    name: "history",
    place: "history",
    first: (page) => expect(page.getByRole("list", { name: "Titles" }).getByRole("link").first()).toBeVisible(),
  },
  {
    name: "a title",
    place: "history",
    first: async (page) => {
      await page.getByRole("list", { name: "Titles" }).getByRole("link").first().click();
      await expect(page.getByRole("heading", { name: "What happened" })).toBeVisible();
    },
  },
  { name: "backends", place: "backends", first: (page) => expect(page.getByRole("heading", { name: "plex" })).toBeVisible() },
  {
    name: "editing a backend",
    place: "backends",
    first: async (page) => {
      await page.getByRole("button", { name: "More for plex" }).click();
      await page.getByRole("menuitem", { name: "Edit" }).click();
    },
  },
  {
    name: "testing a backend",
    place: "backends",
    first: async (page) => {
      await page.getByRole("button", { name: "Test plex" }).click();
      await expect(page.getByText("It answers.")).toBeVisible();
    },
  },
  {
    name: "review",
    place: "review",
    first: (page) =>
      expect(
        page
          .getByRole("heading", { name: "Nothing to write" })
          .or(page.getByRole("list", { name: "Changes" }).getByRole("img").first()),
      ).toBeVisible({ timeout: 60_000 }),
  },
  { name: "tasks", place: "tasks", first: (page) => page.getByRole("button", { name: "Change" }).first().click() },
  {
    name: "activity",
    place: "activity",
    first: (page) => expect(page.getByRole("list", { name: "Changes" }).getByRole("link").first()).toBeVisible(),
  },
  {
    name: "runs",
    place: "activity/runs",
    first: (page) => expect(page.getByRole("list", { name: "Runs" }).getByText("Export to").first()).toBeVisible(),
  },
  {
    name: "the log",
    place: "activity/log",
    first: async (page) => {
      await page.getByLabel("Level").selectOption("debug");
      const line = page.getByRole("list", { name: "Log" }).getByRole("paragraph").first();
      await expect(line.or(page.getByRole("heading", { name: "Nothing was logged yet" }))).toBeVisible();
    },
  },
  { name: "settings", place: "settings", first: (page) => expect(page.getByRole("heading", { name: "Network" })).toBeVisible() },
  { name: "the wizard", place: "add", first: inTheWizard },
];

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    for (const { name, place, first } of places) {
      test(`axe finds nothing in ${name}`, async ({ page, inSync }) => {
        await inSync.open(page, place);
        await first(page);
        expect(await found(page)).toEqual([]);
      });
    }

    test("axe finds nothing before the first writing", async ({ page, empty }) => {
      await empty.open(page, "overview");
      await expect(page.getByRole("button", { name: "Try it with demo servers" })).toBeVisible();
      expect(await found(page), "welcome").toEqual([]);
      await page.getByRole("button", { name: "Try it with demo servers" }).click();
      await expect(page.getByRole("region", { name: "Servers" })).toBeVisible();
      expect(await found(page), "overview").toEqual([]);
      await page.getByRole("main").getByRole("link", { name: "Review" }).click();
      await expect(page.getByRole("list", { name: "Changes" }).getByRole("listitem").first()).toBeVisible({
        timeout: 60_000,
      });
      expect(await found(page), "review").toEqual([]);
    });
  });
}
