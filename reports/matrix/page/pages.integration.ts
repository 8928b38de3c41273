import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findWeakContrasts, openBrowser, openPage } from "#harness/testing/support/browser/browser.ts";
import { exampleCell, exampleMatrix, writeTranscript } from "#harness/testing/support/examples/matrix.ts";
import { driftBetweenEngines, driftOverNights } from "#harness/tools/matrix/drift.ts";
import { pastRunOf, reviewHistory } from "#harness/tools/matrix/history.ts";
import { countMatrix } from "#harness/tools/matrix/matrix-run.ts";
import { matrixFiles, writeMatrix } from "#reports/matrix/write.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-pages-"));
const address = pathToFileURL(join(folder, matrixFiles.page)).href;
const command = "ping -c1 10.1.2.2";
const answer = "1 packets transmitted, 0 packets received, 100% packet loss";
const failure = "c-1 to c-2 (10.1.2.2): expected an answer to ping, got 0 of 1 answered";
let browser: Browser;

beforeAll(async () => {
  writeExample();
  browser = await openBrowser();
}, 600_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** Three drivers on three engines, one of them with a failure, a blocked requirement and a hostile text. */
function writeExample(): void {
  const passed = { outcome: "passed" } as const;
  const names = ["bridge", "overlay", "reference"].flatMap((driver) =>
    ["20.10", "26.1", "28.5"].map((engine) => `${driver}@${engine}`),
  );
  const green = names.map((name) => {
    const transcript = writeTranscript(folder, name, [{ argv: ["true"], code: 0, stdout: "" }]);
    const mtu = { MTU: name.endsWith("28.5") ? 1400 : 1450 };
    return exampleCell(name, {
      B1: { ...passed, transcript },
      B2: passed,
      M3: passed,
      M4: passed,
      M8: { ...passed, facts: mtu },
      V3: { outcome: "blocked", reason: "vlan needs 8021q: the kernel lacks it" },
    });
  });
  const history = [1, 2, 3].map((day) =>
    pastRunOf(exampleMatrix(green, { at: `2026-11-0${day}T02:00:00.000Z` })),
  );
  const transcript = writeTranscript(folder, "overlay@28.5", [
    { argv: ["ip", "link"], code: 0, stdout: "1: lo" },
    { argv: command.split(" "), code: 1, stdout: answer },
    { argv: ["echo"], code: 0, stdout: "<script>document.title = 'taken over'</script>" },
  ]);
  const broken = exampleCell("overlay@28.5", {
    B1: passed,
    B2: passed,
    M3: passed,
    M4: { outcome: "failed", reason: `${failure}\nreproduce: ${command}`, transcript },
    M8: { ...passed, facts: { MTU: 1400 } },
    V3: { outcome: "blocked", reason: "vlan needs 8021q: the kernel lacks it" },
  });
  const matrix = exampleMatrix(green.map((cell) => (cell.name === broken.name ? broken : cell)));
  matrix.drift.push(driftOverNights(matrix.cells, history));
  matrix.drift.push(driftBetweenEngines(matrix.cells, "20.10", "28.5"));
  const runs = [...history, pastRunOf(matrix)];
  writeMatrix(matrix, folder, { counts: countMatrix(matrix), review: reviewHistory(runs) });
}

/** The matrix in a tab of its own, which asks for nothing but files of the report. */
const open = (options: BrowserContextOptions) =>
  openPage(browser, address, { ...options, home: pathToFileURL(folder).href });

/** The evidence as a person sees it: the failure, the command and its output are on the screen or below, none of it hidden. */
async function expectEvidence(page: Page): Promise<void> {
  await page.waitForURL(/overlay%?4?0?@?28\.5\/index\.html#M4$/);
  const card = page.locator("#M4");
  expect(await card.locator("h3").isVisible()).toBe(true);
  expect(await card.locator(".failure").allInnerTexts()).toEqual([expect.stringContaining(failure)]);
  const [shown] = await card.locator(".commands").allInnerTexts();
  expect(shown).toContain(`node1$ ${command} → 1`);
  expect(shown).toContain(answer);
  expect(await page.title()).not.toBe("taken over");
}

const widths = { desk: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

describe.each([
  ["on a desk", { viewport: widths.desk }],
  [
    "on a phone, in the dark",
    { viewport: widths.phone, colorScheme: "dark", isMobile: true, hasTouch: true },
  ],
  ["without JavaScript", { viewport: widths.desk, javaScriptEnabled: false }],
] satisfies [string, BrowserContextOptions][])("%s", (_, options) => {
  test("the red cell of the table leads to its failure, the command and the output", async () => {
    const page = await open(options);
    expect(await page.locator(".verdict").allInnerTexts()).toEqual([expect.stringContaining("1 failed")]);
    const red = page.locator(".matrix td.bad a");
    expect(await red.count()).toBe(1);
    await red.click();
    await expectEvidence(page);
    await page.getByRole("link", { name: /whole matrix/ }).click();
    expect(page.url()).toBe(address);
  });

  test("the list of what is red says what happened and leads there, too", async () => {
    const page = await open(options);
    expect(await page.locator(".red-list").allInnerTexts()).toEqual([expect.stringContaining(failure)]);
    await page.locator(".red-list a").first().click();
    await expectEvidence(page);
  });

  test("one box leaves only the rows that want a look", async () => {
    const page = await open(options);
    const rows = page.locator(".matrix tbody tr:not(.profile):visible");
    expect(await rows.count()).toBe(6);
    await page.getByRole("checkbox").check();
    expect(await page.locator(".matrix tbody tr:not(.profile):visible th").allInnerTexts()).toEqual([
      expect.stringMatching(/^M4/),
      expect.stringMatching(/^V3/),
    ]);
  });

  test("what drifted and what it was before can be read", async () => {
    const page = await open(options);
    const [nights, , facts] = await page.locator("table.drift").allInnerTexts();
    expect(nights).toMatch(/broke\s+M4 on overlay@28\.5\s+passed\s+failed/);
    expect(facts).toMatch(/fact\s+M8 MTU on bridge@28\.5, overlay@28\.5, reference@28\.5\s+1450\s+1400/);
    expect(await page.locator(".chart svg").count()).toBe(3);
  });
});

test("the keyboard alone gets from the top to the evidence", async () => {
  const page = await open({ viewport: widths.desk });
  const focused = () => page.evaluate<boolean>("document.activeElement.closest('.red-list') !== null");
  for (let steps = 0; steps < 12 && !(await focused()); steps++) await page.keyboard.press("Tab");
  expect(await focused()).toBe(true);
  const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
  expect(outline).not.toBe("none");
  await page.keyboard.press("Enter");
  await expectEvidence(page);
});

test.for([
  ["a phone", widths.phone],
  ["a desk", widths.desk],
] as const)("no page is wider than the screen of %s", async ([, viewport]) => {
  const page = await open({ viewport, isMobile: viewport === widths.phone });
  const overflow = () => page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
  expect(await overflow()).toBeLessThanOrEqual(0);
  await page.locator(".red-list a").first().click();
  await expectEvidence(page);
  expect(await overflow()).toBeLessThanOrEqual(0);
});

test.for(["light", "dark"] as const)("every text stands out from its ground in %s", async (colorScheme) => {
  const page = await open({ viewport: widths.desk, colorScheme });
  expect(await findWeakContrasts(page)).toEqual([]);
  await page.locator(".red-list a").first().click();
  await expectEvidence(page);
  expect(await findWeakContrasts(page)).toEqual([]);
});
