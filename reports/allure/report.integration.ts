import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { runVitest } from "#reports/vitest-run.ts";
import { generateAllureReport } from "./report.ts";

const config = join(import.meta.dirname, "../fixtures", "vitest.config.ts");

vi.setConfig({ testTimeout: 60_000 });

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "netconform-report-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("the Allure report is one page that asks the network for nothing, and the history grows with each run", async () => {
  const folder = makeFolder();
  const history = () => readFileSync(join(folder, "allure-history.jsonl"), "utf8").trim().split("\n").length;
  for (const runs of [1, 2]) {
    await runVitest({ config, env: { FIXTURES: "mixed" }, outputDir: folder });
    await generateAllureReport({ folder, singleFile: true, name: "Once more" });
    const page = await generateAllureReport({ folder, singleFile: true, name: "A report" });
    const html = readFileSync(page, "utf8");
    expect(html).toContain("A report");
    expect(html).not.toMatch(/<(script|link|img)\b[^>]*(src|href)="https?:/);
    expect(html).not.toContain("googletagmanager");
    expect(history()).toBe(runs);
  }
});

test("without results the report says what to do first", async () => {
  const folder = makeFolder();
  await expect(generateAllureReport({ folder, singleFile: true, name: "A report" })).rejects.toThrow(
    /no test results in .*allure-results\n {2}next: run the suite first/,
  );
});
