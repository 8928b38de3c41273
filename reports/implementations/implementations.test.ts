import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import {
  everyTest,
  reportRecord,
  reportTest,
  sealedReport,
} from "#harness/testing/support/examples/report.ts";
import { exampleTarget } from "#harness/testing/support/examples/statement.ts";
import type { RunRecord } from "#reports/conformance/statement.ts";
import { badgeOf, standingOf } from "./badge.ts";
import { implementationsPage } from "./page.ts";
import { readSubmissions } from "./submission.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-implementations-"));
afterAll(() => rmSync(folder, { recursive: true }));

function handIn(into: string, name: string, record: RunRecord): void {
  mkdirSync(join(into, name), { recursive: true });
  writeFileSync(join(into, name, "conformance.json"), JSON.stringify(sealedReport(record, join(into, name))));
}

const whole = reportRecord([
  reportTest("S1", "passed"),
  reportTest("S3", "passed"),
  reportTest("S5", "passed"),
]);

test("reports that hold are on the page with their verdicts, and the others with what is wrong", async () => {
  const all = join(folder, "all");
  handIn(all, "good", whole);
  handIn(all, "nobody", { ...whole, implementation: undefined } as unknown as RunRecord);
  handIn(all, "unknown-program", { ...whole, targets: [exampleTarget("mine@26.1")] });
  writeFileSync(join(all, "half.json"), "{");
  writeFileSync(join(all, "README.md"), "no report");
  const submissions = await readSubmissions(all);
  expect(submissions.map(({ path, findings }) => [path, findings.map(({ field }) => field)])).toEqual([
    ["good/conformance.json", []],
    ["half.json", ["the file"]],
    ["nobody/conformance.json", ["implementation"]],
    ["unknown-program/conformance.json", ["targets.mine@26.1.binaries"]],
  ]);
  const page = implementationsPage(submissions);
  expect(page).toContain("1 reports hold, 3 do not");
  expect(page).toContain("Example: mine 1.2.3");
  expect(page).toMatch(/<span class="badge good">conformant<\/span>/);
  expect(page).toContain("<code>the file</code>: expected JSON");
});

test("a folder without a report is a mistake of the caller", async () => {
  const empty = join(folder, "empty");
  mkdirSync(empty);
  await expect(readSubmissions(empty)).rejects.toThrow(UsageError);
  await expect(readSubmissions(join(folder, "nowhere"))).rejects.toThrow(UsageError);
});

test("a badge is green only where nothing is broken and something is whole", () => {
  const standing = (record: RunRecord) => standingOf(sealedReport(record, folder));
  expect(standing(whole)).toEqual({ text: "1 conformant", tone: "good" });
  expect(standing(reportRecord([...whole.observations, reportTest("M4", "failed")]))).toEqual({
    text: "1 not conformant, 1 conformant",
    tone: "bad",
  });
  expect(standing(reportRecord(everyTest("blocked")))).toEqual({ text: "nothing shown", tone: "some" });
});

test("a badge is one SVG that needs nothing else, with its words for who cannot see it", () => {
  const statement = sealedReport({ ...whole, generator: { name: "netconform", version: "<1>" } }, folder);
  const svg = badgeOf(statement);
  expect(svg).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="20" role="img" aria-label="netconform &lt;1&gt;: 1 conformant">/,
  );
  expect(svg.match(/https?:/g)).toHaveLength(1);
  expect(svg).not.toContain("<1>");
});
