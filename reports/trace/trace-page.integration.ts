import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findWeakContrasts, openBrowser, openPage } from "#harness/testing/support/browser/browser.ts";
import { pageOf } from "./link.ts";
import { pageLimit } from "./trace-page.ts";
import { writeTracePage } from "./write.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-trace-"));
const trace = "evidence/overlay@26.1/multihost/M4/trace.json";
const address = pathToFileURL(join(folder, pageOf(trace))).href;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(dirname(join(folder, trace)), { recursive: true });
  copyFileSync(join(import.meta.dirname, "fixtures/vxlan-dropped.json"), join(folder, trace));
  writeTracePage(folder, trace);
  browser = await openBrowser();
}, 600_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

const widths = { desk: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };
const textOf = async (found: Locator) => (await found.allInnerTexts()).join("\n");
const overflowOf = (page: Page) => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

test("the page of a real failure is small", () => {
  expect(statSync(join(folder, pageOf(trace))).size).toBeLessThan(pageLimit);
});

const readers: [string, BrowserContextOptions][] = [
  ["on a desk", { viewport: widths.desk, colorScheme: "light" }],
  [
    "on a phone, in the dark",
    { viewport: widths.phone, colorScheme: "dark", isMobile: true, hasTouch: true },
  ],
  ["without JavaScript", { viewport: widths.desk, javaScriptEnabled: false }],
];

describe.each(readers)("%s", (_, options) => {
  test("the page says where the packet was lost, and leads to that moment", async () => {
    const page = await openPage(browser, address, options);
    expect(await textOf(page.locator(".failure"))).toContain("expected an answer to ping");
    expect(await textOf(page.locator(".hop"))).toMatch(/last seen on node\d eth2 \(in\), dropped by/);
    expect(await textOf(page.locator("#failure ~ pre").last())).toContain("# confirmed 3/3");
    expect(await page.locator(".strips .lane").allInnerTexts()).toEqual([
      expect.stringMatching(/^node1 \d+$/),
      expect.stringMatching(/^node2 \d+$/),
      expect.stringMatching(/^outside: external/),
      expect.stringMatching(/^engine \d+$/),
      expect.stringMatching(/^plugin protocol not recorded$/),
      expect.stringMatching(/^packets \d+$/),
    ]);
    const mark = page.locator(".strips li", { hasText: "packets" }).locator("a").last();
    const line = page.locator(`${await mark.getAttribute("href")}`);
    await page.goto(`${address}${await mark.getAttribute("href")}`);
    expect(await textOf(line)).toMatch(/last seen on node\d eth2|packets/);
    expect(await line.isVisible()).toBe(true);
  });

  test("a box takes the lines of its lane away, and brings them back", async () => {
    const page = await openPage(browser, address, options);
    const lines = page.locator(".chronicle li:visible");
    const before = await lines.count();
    const box = page.getByRole("checkbox", { name: "packets" });
    await box.uncheck();
    const without = await lines.count();
    expect(without).toBeLessThan(before);
    await box.check();
    expect(await lines.count()).toBe(before);
  });

  test("output is unfolded by its line, and nothing gets wider than the screen", async () => {
    const page = await openPage(browser, address, options);
    const folded = page.locator(".chronicle details:not([open]) > summary").first();
    const output = page.locator(".chronicle details", { has: folded }).locator("pre");
    expect(await output.first().isVisible()).toBe(false);
    await folded.click();
    for (const summary of await page.locator("#state ~ details > summary").all()) await summary.click();
    if (options.javaScriptEnabled !== false) {
      expect(await overflowOf(page)).toBeLessThanOrEqual(0);
      expect(await findWeakContrasts(page)).toEqual([]);
    }
  });
});

test("the keyboard alone gets from the top to the output of a command", async () => {
  const page = await openPage(browser, address, { viewport: widths.desk });
  const focused = () =>
    page.evaluate<string>("document.activeElement.closest('details, nav, a')?.className ?? ''");
  await page.keyboard.press("Tab");
  expect(await page.evaluate<string>("document.activeElement.className")).toBe("skip");
  const inChronicle = () =>
    page.evaluate<boolean>("document.activeElement.matches('.chronicle details:not([open]) > summary')");
  // The picture is passed over: its marks are no stops.
  for (let steps = 0; steps < 30 && !(await inChronicle()); steps++) await page.keyboard.press("Tab");
  expect(await inChronicle(), await focused()).toBe(true);
  const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
  expect(outline).not.toBe("none");
  await page.keyboard.press("Enter");
  expect(await page.evaluate<boolean>("document.activeElement.parentElement.open")).toBe(true);
});
