// The pictures of the guide that a page of it talks about. They are taken anew, not edited: what a reader sees is
// what the window shows.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { open, type Scene } from "../household";

const folder = "../docs/guide/pictures";
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).click();

async function signedIn(page: Page): Promise<void> {
  await button(page, /attic/);
  await page.getByText("Name and password").click();
  await page.getByLabel("User name").fill("ana");
  await button(page, "Sign in");
  await expect(page.getByText("Which way do marks travel?")).toBeVisible();
}

interface Picture {
  file: string;
  place: string;
  scene?: Scene;
  narrow?: boolean;
  dark?: boolean;
  /** What is done there first; answers what is taken, when it is not the whole window. */
  first?: (page: Page) => Promise<Locator | undefined>;
}

const pictures: Picture[] = [
  { file: "overview", place: "overview" },
  { file: "trouble", place: "overview", scene: "trouble" },
  {
    file: "paused",
    place: "overview",
    first: async (page) => {
      await button(page, "Pause sync");
      await page.keyboard.press("Enter");
      await expect(page.getByText("Sync is paused").first()).toBeVisible();
      return undefined;
    },
  },
  {
    file: "find",
    place: "add",
    first: async (page) => {
      await expect(page.getByText("attic")).toBeVisible();
      return undefined;
    },
  },
  {
    file: "which-way",
    place: "add",
    first: async (page) => {
      await signedIn(page);
      return undefined;
    },
  },
  { file: "backends", place: "backends", scene: "trouble" },
  {
    file: "edit",
    place: "backends",
    first: async (page) => {
      await button(page, "More for Den");
      await page.getByRole("menuitem", { name: "Edit" }).click();
      await page.getByRole("radio", { name: /Only write to it/ }).check();
      return undefined;
    },
  },
  {
    file: "review",
    place: "review",
    scene: "waits",
    first: async (page) => {
      await expect(page.getByText("As things stood")).toBeVisible();
      return undefined;
    },
  },
  {
    file: "tasks",
    place: "tasks",
    first: async (page) => {
      const card = page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Import", exact: true }) });
      await expect(card).toContainText("Next");
      return card;
    },
  },
  { file: "title", place: "history/50", narrow: true, dark: true },
];

for (const { file, place, scene, narrow, dark, first } of pictures) {
  test(`the picture ${file}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
    if (narrow) await page.setViewportSize({ width: 640, height: 760 });
    await open(page, place, scene);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const taken = (await first?.(page)) ?? page;
    await page.evaluate(() => document.fonts.ready);
    await taken.screenshot({ path: `${folder}/${file}.png`, animations: "disabled", caret: "hide" });
  });
}
