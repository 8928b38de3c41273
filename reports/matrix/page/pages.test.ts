import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { exampleCell, exampleMatrix, writeTranscript } from "#harness/testing/support/examples/matrix.ts";
import { HostileTexts } from "#harness/testing/support/hostile.ts";
import type { RequirementResult } from "#reports/conformance/schema.ts";
import type { Cell, Change, Matrix } from "#reports/matrix/schema.ts";
import { renderCellPage } from "./cell-page.ts";
import { renderMatrixPage } from "./matrix-page.ts";
import type { HistoryReview } from "./sections/history.ts";

const review: HistoryReview = { nights: [], flaky: [] };
const counts = { passed: 0, failed: 1, known: 0 };

/** A cell with one requirement that failed, and its result. */
function failingCell(more: Partial<Cell> = {}): { cell: Cell; result: RequirementResult } {
  const cell = exampleCell("overlay@28.5", { M4: { outcome: "failed", reason: "no answer" } }, more);
  return { cell, result: cell.target?.results[0] as RequirementResult };
}

test("a picture among the evidence is shown on the page of its cell, without a script", () => {
  const folder = mkdtempSync(join(tmpdir(), "netconform-picture-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { cell, result } = failingCell();
  mkdirSync(join(folder, cell.folder), { recursive: true });
  writeFileSync(join(folder, cell.folder, "truth-table.svg"), "<svg/>");
  result.evidence = ["truth-table.svg", "gone.svg"];
  const page = renderCellPage(cell, folder, "index.html");
  expect(page).toContain('<img src="truth-table.svg" alt="truth-table.svg"');
  expect(page).not.toContain('src="gone.svg"');
});

test("the page of a cell leads to the timelines of plays", () => {
  const { cell, result } = failingCell();
  result.evidence = ["evidence/mine@26.1/disorder/D5/timelines.html"];
  const page = renderCellPage(cell, "/nowhere", "index.html");
  expect(page).toContain('<a href="evidence/mine%4026.1/disorder/D5/timelines.html">Timelines</a>');
});

test("no text of a cell, a run or another program becomes markup on the matrix page", () => {
  const texts = new HostileTexts();
  const { cell, result } = failingCell({
    name: texts.at("cell"),
    driver: texts.at("driver"),
    engine: texts.at("engine"),
    errors: [{ where: texts.at("where"), message: texts.at("message") }],
    folder: `cells/${texts.at("folder")}`,
  });
  Object.assign(result, {
    requirement: texts.at("requirement"),
    title: texts.at("title"),
    reason: texts.at("reason"),
    profile: texts.at("profile"),
  });
  for (const found of cell.target?.profiles ?? []) {
    Object.assign(found, { profile: result.profile, because: texts.at("because") });
  }
  const broken = exampleCell("bridge@28.5", {}, { state: "broken", because: texts.at("broken because") });
  const matrix = exampleMatrix([cell, broken]);
  matrix.generator = { name: texts.at("generator"), version: texts.at("version") };
  matrix.environment.host.kernel = texts.at("kernel");
  matrix.run.selection = [texts.at("selection")];
  matrix.drift.push(...hostileDrift(texts, cell));
  const page = renderMatrixPage(matrix, counts, {
    nights: [{ at: texts.at("night"), ms: 1, passRate: 1, flipRate: 0 }],
    flaky: [{ cell: texts.at("flaky cell"), requirement: texts.at("flaky"), flips: 2, runs: 3 }],
  });
  // Not shown, encoded, and shown in parts.
  texts.expectEscaped(page, "where", "folder", "against", "since", "night", "earlier", "later");
});

/** A change of the last night, and one between engines of a cell that is gone. */
function hostileDrift(texts: HostileTexts, cell: Cell): Matrix["drift"] {
  const change = (kind: Change["kind"], name: string, of = cell.name): Change => ({
    kind,
    cell: of,
    requirement: texts.at(`${name} requirement`),
    what: texts.at(`${name} fact`),
    before: texts.at(`${name} before`),
    after: texts.at(`${name} after`),
    against: texts.at("against"),
    since: texts.at("since"),
  });
  const compared = [{ cell: cell.name, against: texts.at("against") }];
  return [
    { between: "nights", compared, changes: [change("broke", "loud")] },
    {
      between: [texts.at("earlier"), texts.at("later")].map((name) => name.replaceAll(" ", "-")).join(" "),
      compared,
      changes: [change("fact", "quiet", texts.at("gone cell"))],
    },
  ];
}

test("no text of a plugin becomes markup on the page of a cell", () => {
  const texts = new HostileTexts();
  const folder = mkdtempSync(join(tmpdir(), "netconform-hostile-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { cell, result } = failingCell({
    engine: texts.at("engine"),
    state: "incomplete",
    because: texts.at("because"),
    errors: [{ where: texts.at("where"), message: texts.at("message") }],
  });
  Object.assign(cell.target ?? {}, {
    title: texts.at("driver"),
    versions: { [texts.at("package")]: texts.at("version") },
  });
  const command = { argv: ["echo", texts.at("argument")], code: 1, stdout: texts.at("output") };
  Object.assign(result, {
    requirement: texts.at("requirement"),
    title: texts.at("title"),
    source: { text: texts.at("source"), url: `https://example.org/?${texts.at("url")}` },
    reason: texts.at("reason"),
    notes: [texts.at("note")],
    facts: { [texts.at("fact")]: texts.at("value") },
    reproduce: texts.at("reproduce"),
    evidence: [`evidence/${texts.at("evidence").replaceAll(/[/\0]/g, "-")}`],
    transcript: writeTranscript(folder, cell.name, [command]),
    tests: [1, 2].map((number) => ({
      name: texts.at(`test ${number}`),
      file: texts.at("file"),
      outcome: "failed",
      reason: texts.at(`reason ${number}`),
      durationMs: 1,
    })),
  } satisfies Partial<RequirementResult>);
  const page = renderCellPage({ ...cell, name: texts.at("cell") }, folder, "matrix.html");
  // Not shown, quoted for a shell, and encoded.
  texts.expectEscaped(page, "file", "argument", "evidence");
});

test("neither why a requirement is blocked nor why its transcript cannot be read becomes markup", () => {
  const texts = new HostileTexts();
  const transcript = texts.at("transcript").replaceAll("\0", "");
  const cell = exampleCell("overlay@28.5", {
    V3: { outcome: "blocked", reason: texts.at("reason"), transcript },
  });
  const page = renderCellPage(cell, "/nowhere", "matrix.html");
  expect(page).toContain("The transcript cannot be read: ENOENT");
  texts.expectEscaped(page, "transcript");
});

test("an address in the data never runs a script, nor leads to another machine unseen", () => {
  const { cell, result } = failingCell();
  result.source = { text: "the specification", url: "javascript:alert(1)" };
  result.evidence = ["javascript:alert(1)"];
  const page = renderCellPage(cell, "/nowhere", "javascript:alert(2)");
  expect(page).toContain("MUST · the specification");
  expect(page).toContain('<a href="javascript%3Aalert(1)">');
  expect(page).not.toMatch(/href="\s*javascript:/i);
  for (const folder of ["javascript:alert(1)//", "//example.org/x", "\\\\example.org"]) {
    const matrix = renderMatrixPage(exampleMatrix([{ ...cell, folder }]), counts, review);
    expect(matrix).not.toMatch(/href="(\s*javascript:|[\\/]{2})/i);
    expect(matrix).toContain("M4 on overlay@28.5");
  }
});
