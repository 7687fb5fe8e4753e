// The wizard on the app itself, as far as it goes without a server of one's own, and with those of the demo.
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tabTo } from "../keyboard";
import { expect, test } from "./household";

/** A port of this computer on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listens) => server.listen(0, "127.0.0.1", listens));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((closed) => server.close(() => closed()));
  return port;
}

test("the wizard is tabbed through by the keyboard, and says in words that a server does not answer", async ({
  page,
  empty,
}) => {
  await empty.open(page, "overview");
  await tabTo(page, /Add your first server/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Look again" })).toBeVisible();
  await expect(page.getByText("Looking for servers")).toBeHidden({ timeout: 30_000 });

  await tabTo(page, /Type its address/);
  await page.keyboard.press("Enter");
  await tabTo(page, /Jellyfin/);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("radio", { name: "Emby" })).toBeChecked();
  await page.keyboard.press("ArrowLeft");
  await tabTo(page, /Its address/);
  const port = await closedPort();
  await page.keyboard.type(`127.0.0.1:${port}`);
  await page.keyboard.press("Enter");

  await expect(page.getByText(`http://127.0.0.1:${port}`)).toBeVisible();
  await tabTo(page, /Quick Connect/);
  await page.keyboard.press("ArrowRight");
  await tabTo(page, /User name/);
  await page.keyboard.type("ana");
  await page.keyboard.press("Tab");
  await page.keyboard.type("a secret");
  await page.keyboard.press("Enter");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("it cannot be reached", { timeout: 60_000 });
  await expect(alert).not.toContainText("a secret");

  await tabTo(page, /Back/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /Type its address/ })).toBeVisible();
  expect(await empty.ask("backends", {})).toEqual([]);
});

test("a server is added by its address, name and password, and the same account is not added twice", async ({
  page,
  differing,
}) => {
  const url = await differing.address("jellyfin");
  const signIn = async (name: string, password: string): Promise<void> => {
    await page.getByText("Name and password").click();
    await page.getByLabel("User name").fill(name);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  const toSignIn = async (): Promise<void> => {
    await page.getByRole("button", { name: /Type its address/ }).click();
    await page.getByText("Jellyfin", { exact: true }).click();
    await page.getByLabel("Its address").fill(url);
    await page.getByRole("button", { name: "Next" }).click();
  };
  await differing.open(page, "add");
  await toSignIn();
  await signIn("ben", "not-his-password");
  await expect(page.getByRole("alert")).toBeVisible();
  await signIn("ben", "ben-password");
  await expect(page.getByText("Which way do marks travel?")).toBeVisible();
  await page.getByLabel("What to call it here").fill("Ben again");
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByRole("alert")).toContainText(/jellyfin is this account already/i);
  const cards = await differing.ask("backends", {});
  expect(cards.length).toBe(3);
  // Jellyfin has one token for a device and user: who signs in again must not sign out the one that is there.
  const twin = cards.find(({ name }) => name === "jellyfin");
  expect(twin).toBeDefined();
  const tested = await differing.ask("test_backend", { backend: twin?.id ?? 0 });
  expect(tested.user).toBe("ben");

  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByRole("radio", { name: "Name and password" })).toBeChecked();
  await expect(page.getByLabel("User name")).toHaveValue("ben");
  await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
  await signIn("kim", "kim-password");
  await page.getByLabel("What to call it here").fill("Kim's");
  await page.getByRole("radio", { name: /Only read from it/ }).check();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("It was read.")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("It answers.")).toBeVisible();
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("Nothing is written before you press Start.")).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Not now" }).click();
  await expect(page.getByRole("heading", { name: "Kim's was added" })).toBeVisible();
  await page.getByRole("link", { name: "Go to the overview" }).click();
  await expect(page.getByRole("region", { name: "Servers" })).toContainText("Kim's");
  await differing.open(page, "backends");
  await page.getByRole("button", { name: "Test jellyfin" }).click();
  await expect(page.getByRole("dialog")).toContainText("signed in as ben");
});
