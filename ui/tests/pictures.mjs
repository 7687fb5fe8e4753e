// Takes a picture of every view, light and dark, wide and narrow: `npm run pictures -- FOLDER`.
// Needs `npm run sample` in another terminal, and a Chromium.
import { mkdirSync } from "node:fs";
import { chromium } from "@playwright/test";

const [folder = "pictures", only = ""] = process.argv.slice(2);
const base = process.env.WATCHSTATE_PAGE ?? "http://127.0.0.1:5199";
/** Such as "wide-light,narrow-dark"; all four without it. */
const looks = (process.env.PICTURES_LOOKS ?? "").split(",").filter(Boolean);
const sizes = { wide: { width: 1100, height: 760 }, narrow: { width: 640, height: 760 } };

const button = (page, name) => page.getByRole("button", { name }).click();
const found = async (page) => button(page, /attic/);
const signedIn = async (page) => {
  await found(page);
  await page.getByText("Name and password").click();
  await page.getByLabel("User name").fill("ana");
  await button(page, "Sign in");
  await page.getByText("Which way do marks travel?").waitFor();
};
const read = async (page) => {
  await signedIn(page);
  await button(page, "Next");
  await page.getByText("It was read.").waitFor();
};

/** name: [scene, place, what to do there first] */
const pictures = {
  welcome: ["empty", "overview"],
  overview: ["calm", "overview"],
  "overview-waits": ["waits", "overview"],
  "overview-trouble": ["trouble", "overview"],
  "overview-working": [
    "calm",
    "overview",
    async (page) => {
      await button(page, "Sync now");
      await page.waitForTimeout(500);
    },
  ],
  history: ["waits", "history"],
  "history-title": ["waits", "history/14"],
  "history-rtl": ["waits", "history/9"],
  "history-none": [
    "calm",
    "history",
    async (page) => {
      await page.getByLabel("Search titles").fill("zzzz");
      await page.waitForTimeout(300);
    },
  ],
  backends: ["trouble", "backends"],
  "backends-edit": [
    "calm",
    "backends",
    async (page) => {
      await button(page, "More for Den");
      await page.getByRole("menuitem", { name: "Edit" }).click();
    },
  ],
  "backends-remove": [
    "calm",
    "backends",
    async (page) => {
      await button(page, "More for Den");
      await page.getByRole("menuitem", { name: "Remove" }).click();
    },
  ],
  "backends-test": [
    "calm",
    "backends",
    async (page) => {
      await button(page, "Test Living room");
      await page.getByText("It answers.").waitFor();
    },
  ],
  review: [
    "waits",
    "review",
    async (page) => {
      await page.getByText("As things stood").waitFor();
    },
  ],
  tasks: ["calm", "tasks"],
  "tasks-change": [
    "calm",
    "tasks",
    async (page) => {
      await page.getByRole("button", { name: "Change" }).first().click();
      await page.getByLabel(/crontab/).fill("0 25 * * *");
      await page.waitForTimeout(200);
    },
  ],
  activity: ["waits", "activity"],
  "activity-runs": ["waits", "activity/runs"],
  "activity-log": ["calm", "activity/log"],
  settings: ["calm", "settings"],
  "settings-about": [
    "calm",
    "settings",
    async (page) => {
      await page.getByText("Data folder").last().scrollIntoViewIfNeeded();
    },
  ],
  "add-1-find": [
    "calm",
    "add",
    async (page) => {
      await page.getByText("attic").waitFor();
    },
  ],
  "add-1-type": [
    "calm",
    "add",
    async (page) => {
      await button(page, /Type its address/);
    },
  ],
  "add-2-sign-in": [
    "calm",
    "add",
    async (page) => {
      await found(page);
      await page.getByText("Name and password").click();
    },
  ],
  "add-2-wait": [
    "calm",
    "add",
    async (page) => {
      await found(page);
      await button(page, "Get a code");
      await page.getByText("482913").waitFor();
    },
  ],
  "add-3-direction": ["calm", "add", signedIn],
  "add-4-read": ["calm", "add", read],
  "add-5-look": [
    "calm",
    "add",
    async (page) => {
      await read(page);
      await button(page, "Next");
      await page.getByText("Search these changes").or(page.getByPlaceholder("Search these changes")).waitFor();
    },
  ],
  "add-2-plex": [
    "calm",
    "add",
    async (page) => {
      await button(page, /Plex account/);
      await button(page, "Open plex.tv");
      await page.getByRole("button", { name: /Grandma/ }).waitFor();
    },
  ],
  "overview-paused": [
    "calm",
    "overview",
    async (page) => {
      await button(page, "Pause sync");
      await page.keyboard.press("Enter");
      await page.getByText("Sync is paused").first().waitFor();
    },
  ],
  "add-6-done": [
    "calm",
    "add",
    async (page) => {
      await read(page);
      await button(page, "Next");
      await button(page, "Not now");
      await page.getByText("was added").waitFor();
    },
  ],
  "history-episode": ["waits", "history/50"],
  fails: ["calm&fails", "history"],
};

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.WATCHSTATE_CHROMIUM, args: ["--no-sandbox"] });
for (const [name, [scene, place, act]] of Object.entries(pictures)) {
  if (!name.startsWith(only)) continue;
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"]) {
      if (looks.length > 0 && !looks.includes(`${size}-${colorScheme}`)) continue;
      const page = await browser.newPage({ viewport, colorScheme, locale: "en-GB", reducedMotion: "reduce" });
      try {
        await page.goto(`${base}/?sample&step=20&scene=${scene}#/${place}`);
        await page.waitForTimeout(350);
        await act?.(page);
        await page.waitForTimeout(150);
        await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png` });
      } catch (error) {
        console.error(`${name} ${size} ${colorScheme}: ${error}`);
      }
      await page.close();
    }
  }
}
await browser.close();
