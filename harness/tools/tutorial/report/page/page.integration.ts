import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findWeakContrasts, openBrowser, openPage } from "#harness/testing/support/browser/browser.ts";
import { broken } from "#harness/tools/tutorial/compare/comparison.ts";
import { coverageOf } from "#harness/tools/tutorial/coverage.ts";
import { readLines } from "#harness/tools/tutorial/parse/document.ts";
import { parseTutorial } from "#harness/tools/tutorial/parse/tutorial.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import { renderTutorial } from "./tutorial-page.ts";

const fixture = join(import.meta.dirname, "..", "..", "fixtures", "small.md");
const folder = mkdtempSync(join(tmpdir(), "netconform-tutorial-page-"));
const path = join(folder, "page.html");
const hostile = "<script>document.title = 'taken over'</script>";
const address = pathToFileURL(path).href;
let browser: Browser;

beforeAll(async () => {
  const tutorial = parseTutorial(fixture, readLines(fixture, "a tutorial"));
  const results = tutorial.steps.map((step): StepResult => {
    const fails = step.command === "docker network ls";
    return {
      step,
      verdict: fails ? "broken" : step.command === "id" ? "not runnable" : "same",
      reason: step.command === "id" ? "nobody is there" : undefined,
      findings: fails
        ? [broken(`small-net, DRIVER: expected "macvlan", got "bridge" ${"0a1b".repeat(16)}`)]
        : [],
      notes: fails ? [hostile] : [],
      follows: undefined,
      ran: {
        node: "node1",
        command: step.command,
        output: fails ? `NETWORK ID ${hostile}\nsmall-net bridge` : "",
        code: 0,
        durationMs: 7,
      },
    };
  });
  const run = {
    tutorial,
    engine: "26.1",
    pluginsDiffer: false,
    plugin: "none" as const,
    startedAt: 0,
    durationMs: 1100,
    commandMs: 1000,
    results,
  };
  const coverage = coverageOf(tutorial.steps, [{ id: "M3", claim: "an address" }], {
    claims: [{ id: "M3", commands: [/docker inspect/] }],
  });
  writeFileSync(path, renderTutorial(run, coverage));
  browser = await openBrowser();
}, 600_000);
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

test("a person finds the broken command, follows it, and reads what ran and what differs, without JavaScript", async () => {
  const page = await openPage(browser, address, { javaScriptEnabled: false });
  await page.getByRole("region", { name: "Broken" }).getByRole("link").click();
  const step = page.locator(":target");
  expect(await step.locator(".badge").textContent()).toBe("broken");
  expect(await step.locator("code.typed").textContent()).toBe("docker network ls");
  expect(await step.locator("pre").isVisible()).toBe(true);
  const shown = await step.locator("pre").textContent();
  expect(shown).toContain("node1$ docker network ls");
  expect(shown).toMatch(/- eeb59152fb69 +small-net +macvlan/);
  expect(shown).toContain("+ small-net bridge");
  expect(await page.title()).toBe("small.md on Docker 26.1");
});

test("the keyboard reaches the content, the broken commands and their lines", async () => {
  const page = await openPage(browser, address);
  await page.keyboard.press("Tab");
  expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("To the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate<string>("document.activeElement.textContent")).toMatch(/^line \d+$/);
});

test.for(["light", "dark"] as const)(
  "on a phone nothing is cut off, and %s is readable",
  async (colorScheme) => {
    const page = await openPage(browser, address, { viewport: { width: 390, height: 800 }, colorScheme });
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    expect(await findWeakContrasts(page)).toEqual([]);
  },
);
