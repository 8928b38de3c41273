import { join } from "node:path";
import { expect, test } from "vitest";
import { HostileTexts } from "#harness/testing/support/hostile.ts";
import { broken } from "#harness/tools/tutorial/compare/comparison.ts";
import type { Coverage } from "#harness/tools/tutorial/coverage.ts";
import { readLines } from "#harness/tools/tutorial/parse/document.ts";
import { parseTutorial } from "#harness/tools/tutorial/parse/tutorial.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import type { TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { renderTutorial } from "./tutorial-page.ts";

const fixture = join(import.meta.dirname, "..", "..", "fixtures", "small.md");

/** A run of the small text, and these lines after it, in which no command was run. */
function exampleRun(more: readonly string[] = []): TutorialRun {
  const tutorial = parseTutorial(fixture, [...readLines(fixture, "a tutorial"), ...more]);
  const results = tutorial.steps.map((step): StepResult => {
    const rest = { reason: undefined, findings: [], notes: [], follows: undefined, ran: undefined };
    return { step, verdict: "same", ...rest };
  });
  const times = { startedAt: 0, durationMs: 1, commandMs: 1 };
  return { tutorial, engine: "26.1", plugin: "none", pluginsDiffer: false, ...times, results };
}

test("no text of a tutorial, a command or a claim becomes markup", () => {
  const texts = new HostileTexts();
  const run = exampleRun();
  const [first, second, ...others] = run.results as [StepResult, StepResult, ...StepResult[]];
  const place = { kind: "node", host: texts.at("host") } as const;
  const common = texts.at("output of both");
  const failed: StepResult = {
    step: { ...first.step, command: texts.at("command"), expected: [common, texts.at("expected")], place },
    verdict: "broken",
    reason: texts.at("reason"),
    findings: [broken(texts.at("finding"))],
    notes: [texts.at("note")],
    follows: 3,
    ran: {
      node: texts.at("node"),
      command: texts.at("typed"),
      output: `${common}\n${texts.at("output")}`,
      code: 1,
      durationMs: 1,
    },
  };
  const notRun = { ...second, step: { ...second.step, expected: [texts.at("not run")] } };
  const coverage: Coverage = {
    claims: [{ id: texts.at("claim id"), claim: texts.at("claim"), asserted: false, lines: [1, 2] }],
    uncovered: [{ line: 1, command: texts.at("uncovered"), claims: [texts.at("uncovered claim")] }],
  };
  const [chapter] = run.tutorial.chapters.filter(({ index }) => index === first.step.chapter.index);
  const chapters = chapter ? [{ ...chapter, title: texts.at("chapter") }] : [];
  const notes = [{ line: 1, text: texts.at("remark") }];
  const tutorial = { ...run.tutorial, file: texts.at("file").replaceAll("/", "-"), chapters, notes };
  const engine = texts.at("engine");
  const page = renderTutorial({ ...run, tutorial, engine, results: [failed, notRun, ...others] }, coverage);
  // The name of the file is the last part of its path.
  texts.expectEscaped(page, "file");
});

test("markup and links to scripts in a tutorial's own text stay text", () => {
  const page = renderTutorial(
    exampleRun([
      "",
      "## A <script>heading</script>",
      "",
      "[a](javascript:alert(1)) [b](https://example.org/) <script>alert(1)</script>",
      "",
      "```html",
      "<script>alert(1)</script></style>",
      "```",
    ]),
    undefined,
  );
  expect(page).not.toContain("<script");
  expect(page).not.toMatch(/href="\s*javascript:/i);
  expect(page).toContain('<a href="https://example.org/">b</a>');
  expect(page).toContain("<pre>&lt;script&gt;alert(1)&lt;/script&gt;&lt;/style&gt;\n</pre>");
});
