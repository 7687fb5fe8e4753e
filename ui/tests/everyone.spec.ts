// Everyone can use every view: axe finds nothing, in light and in dark.
import { expect, test, type Page } from "@playwright/test";
import { found, open, type Scene } from "./household";

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();

const places: { name: string; place: string; scene?: Scene; first?: (page: Page) => Promise<void> }[] = [
  { name: "welcome", place: "overview", scene: "empty" },
  { name: "overview", place: "overview", scene: "waits" },
  { name: "overview in trouble", place: "overview", scene: "trouble" },
  { name: "overview with a full disk", place: "overview", scene: "full" },
  { name: "overview with a database made anew", place: "overview", scene: "mended" },
  { name: "history", place: "history", scene: "waits" },
  { name: "a title", place: "history/14", scene: "waits" },
  { name: "backends", place: "backends", scene: "trouble" },
  { name: "backends with changes not taken", place: "backends", scene: "parked" },
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
    first: (page) => expect(page.getByText("As things stood")).toBeVisible(),
  },
  { name: "tasks", place: "tasks", first: (page) => page.getByRole("button", { name: "Change" }).first().click() },
  { name: "activity", place: "activity", scene: "waits" },
  { name: "runs", place: "activity/runs" },
  { name: "snapshots", place: "activity/snapshots" },
  { name: "the log", place: "activity/log" },
  { name: "settings", place: "settings" },
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
