import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { findProgram, installMissing, type Tool } from "#harness/host/setup/install.ts";

/** The browser of Debian; where it has another name, as on other systems, that one is used. */
const browser: Tool = { program: "chromium", packages: ["chromium"] };
const otherNames = ["chromium-browser", "google-chrome", "google-chrome-stable"];

/** Nothing but the page: no updates, no synchronisation, no first-run traffic. */
const quiet = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A headless Chromium with a new profile; it is installed from Debian's packages when there is none.
 * Throws `UsageError` naming the package when it cannot be installed.
 */
export async function openBrowser(): Promise<Browser> {
  const local = new LocalHost();
  const executablePath = (await findBrowser(local)) ?? (await install(local));
  // Chromium's sandbox refuses to run as root.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...quiet, ...sandbox], timeout: 60_000 });
}

async function findBrowser(local: LocalHost): Promise<string | undefined> {
  for (const name of [browser.program, ...otherNames]) {
    const path = await findProgram(local, name);
    if (path) return path;
  }
  return undefined;
}

async function install(local: LocalHost): Promise<string> {
  await installMissing(local, progress, [browser], "looking at the pages in a browser");
  const path = await findBrowser(local);
  if (!path) throw new HarnessError("chromium is not there although its package was installed");
  return path;
}

/**
 * A page of a report, at a `file:` address, in a tab of its own until the test ends. Fails the test when the page asks for anything that does
 * not begin with `home`, itself by default, or complains.
 */
export async function openPage(
  browser: Browser,
  address: string,
  { home = address, ...options }: BrowserContextOptions & { home?: string } = {},
): Promise<Page> {
  const context = await browser.newContext(options);
  const trouble: string[] = [];
  context.on("request", (request) => {
    const carried = request.url().startsWith("data:");
    if (!carried && !request.url().startsWith(home)) trouble.push(`asks for ${request.url()}`);
  });
  context.on("console", (message) => trouble.push(message.text()));
  context.on("weberror", (error) => trouble.push(String(error.error())));
  onTestFinished(async () => {
    await context.close();
    expect(trouble).toEqual([]);
  });
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** Texts of a page whose contrast with their background is below 4.5 to 1, as WCAG 2.2 (1.4.3) wants it, each with its colours. */
export function findWeakContrasts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(readFileSync(join(import.meta.dirname, "weak-contrasts.js"), "utf8"));
}
