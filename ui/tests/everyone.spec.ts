// Everyone can use every view: axe finds nothing, in light and in dark.
import { expect, test, type Page } from "@playwright/test";
import { found, open, type Scene } from "./household";

/** Waits for the first row of a list that is there: one that still waits has no words. */
const row = (page: Page, list: string) =>
  expect(page.getByRole("list", { name: list }).getByRole("listitem").first()).toHaveText(/\S/);
const latest = (page: Page) =>
  expect(page.getByRole("region", { name: "Latest changes" }).getByRole("listitem").first()).toHaveText(/\S/);
const card = (page: Page, name: string) => expect(page.getByRole("heading", { name, exact: true })).toBeVisible();
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();

const places: { name: string; place: string; scene?: Scene; first?: (page: Page) => Promise<void> }[] = [
  {
    name: "welcome",
    place: "overview",
    scene: "empty",
    first: (page) => expect(page.getByRole("button", { name: "Try it with demo servers" })).toBeVisible(),
  },
  { name: "overview", place: "overview", scene: "waits", first: latest },
  { name: "overview in trouble", place: "overview", scene: "trouble", first: latest },
  { name: "overview with a full disk", place: "overview", scene: "full", first: latest },
  { name: "overview with a database made anew", place: "overview", scene: "mended", first: latest },
  { name: "history", place: "history", scene: "waits", first: (page) => row(page, "Titles") },
  {
    name: "a title",
    place: "history/14",
    scene: "waits",
    first: async (page) => {
      await row(page, "Titles");
      await expect(page.getByRole("heading", { name: "What happened" })).toBeVisible();
    },
  },
  { name: "backends", place: "backends", scene: "trouble", first: (page) => card(page, "Bedroom") },
  { name: "backends with changes not taken", place: "backends", scene: "parked", first: (page) => card(page, "Den") },
  {
    name: "editing a backend",
    place: "backends",
    first: async (page) => {
      await button(page, "More for Den");
      await page.getByRole("menuitem", { name: "Edit" }).click();
    },
  },
  {
    name: "backends with another server in its place",
    place: "backends",
    scene: "stranger",
    first: (page) => card(page, "Den"),
  },
  {
    name: "who answers for a backend",
    place: "backends",
    scene: "stranger",
    first: (page) => button(page, "Who is it?"),
  },
  { name: "an open menu", place: "backends", first: (page) => button(page, "More for Den") },
  {
    name: "review",
    place: "review",
    scene: "waits",
    first: (page) => row(page, "Changes"),
  },
  { name: "tasks", place: "tasks", first: (page) => page.getByRole("button", { name: "Change" }).first().click() },
  { name: "activity", place: "activity", scene: "waits", first: (page) => row(page, "Changes") },
  { name: "runs", place: "activity/runs", first: (page) => row(page, "Runs") },
  { name: "snapshots", place: "activity/snapshots", first: (page) => row(page, "Snapshots") },
  { name: "the log", place: "activity/log", first: (page) => row(page, "Log") },
  {
    name: "settings",
    place: "settings",
    first: (page) => expect(page.getByRole("heading", { name: "Network" })).toBeVisible(),
  },
  { name: "the wizard, finding", place: "add", first: (page) => expect(page.getByText("attic")).toBeVisible() },
  {
    name: "the wizard, signing in",
    place: "add",
    first: async (page) => {
      await button(page, /attic/);
      await page.getByText("Name and password").click();
      await page.getByLabel("User name").fill("ana");
      await page.getByLabel("Password", { exact: true }).fill("wrong");
      await button(page, "Sign in");
      await expect(page.getByRole("alert")).toBeVisible();
    },
  },
  {
    name: "the wizard, choosing the way",
    place: "add",
    first: async (page) => {
      await button(page, /attic/);
      await button(page, "Get a code");
      await expect(page.getByText("Which way do marks travel?")).toBeVisible({ timeout: 15_000 });
    },
  },
];

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });
    for (const { name, place, scene, first } of places) {
      test(`axe finds nothing in ${name}`, async ({ page }) => {
        await open(page, place, scene);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await first?.(page);
        expect(await found(page)).toEqual([]);
      });
    }
  });
}
