import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { projectRoot } from "#harness/core/project-root.ts";
import { exampleCell, exampleMatrix } from "#harness/testing/support/examples/matrix.ts";
import { exampleObservation, exampleRecord } from "#harness/testing/support/examples/statement.ts";
import { exampleTrace } from "#harness/testing/support/examples/trace.ts";
import { messagesOf } from "#reports/allure/labels.ts";
import { formatFailures } from "#reports/conformance/console/failures.ts";
import { formatJUnit } from "#reports/conformance/junit.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import { annotateAll, tellGitHub } from "#reports/github/github.ts";
import { tellGitHubOfMatrix } from "#reports/matrix/github.ts";
import { renderCellPage } from "#reports/matrix/page/cell-page.ts";
import { matrixFiles } from "#reports/matrix/write.ts";
import { requirementOf } from "#suites/requirements/catalogue.ts";
import { pageOf, partEvidence } from "./link.ts";
import { writeTracePage } from "./write.ts";

const trace = "evidence/mine@26.1/multihost/M4/trace.json";
const page = pageOf(trace);
const state = "evidence/mine@26.1/multihost/M4/node1-state.txt";
const observation = exampleObservation("M4", { reason: "no answer", evidence: [page, state] });
const statement = buildStatement(exampleRecord({ observations: [observation] }));

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "netconform-trace-link-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("the page lies beside the trace, and is told apart from the other evidence", () => {
  expect(pageOf("evidence/a/M4/2/trace.json")).toBe("evidence/a/M4/2/trace.html");
  expect(partEvidence(["a/node1-state.txt", "a/2/trace.html"])).toEqual({
    page: "a/2/trace.html",
    files: ["a/node1-state.txt"],
  });
  expect(partEvidence(["a/retrace.html"])).toEqual({ files: ["a/retrace.html"] });
});

test("console and JUnit name the page of a failure before its evidence", () => {
  const told = `on one page: ${page}`;
  expect(formatFailures(statement, { width: 100, color: false })).toContain(
    `      ${told}\n      evidence: ${state}`,
  );
  expect(formatJUnit(statement)).toContain(`${told}\nevidence: ${state}`);
});

test("an annotation names the page, of a matrix in the folder of its cell", () => {
  const [only] = tellGitHub(statement, { workspace: projectRoot });
  expect(only).toContain(`%0Aon one page, in the folder of the reports: ${page}%0Aagain: `);
  expect(annotateAll({ targets: [], errors: [] }, { workspace: projectRoot })).toEqual([]);
  const folder = scratch();
  writeFileSync(join(folder, matrixFiles.markdown), "");
  const cell = exampleCell("overlay@28.5", { M4: { outcome: "failed", reason: "no", evidence: [page] } });
  const [told] = tellGitHubOfMatrix(exampleMatrix([cell]), folder, { workspace: projectRoot });
  expect(told).toContain(`in the folder of the reports: cells/overlay@28.5/${page}`);
});

test("the page of a cell leads to it", () => {
  const cell = exampleCell("overlay@28.5", { M4: { outcome: "failed", reason: "no", evidence: [page] } });
  const shown = renderCellPage(cell, "/nowhere", "matrix.html");
  expect(shown).toContain(
    '<a href="evidence/mine%4026.1/multihost/M4/trace.html">The failure on one page</a>',
  );
});

test("Allure has it as the first attachment, once it is made", () => {
  const folder = scratch();
  const meta = { ...observation, evidence: [], trace };
  const attached = () =>
    messagesOf(meta, requirementOf("M4"), folder).flatMap((message) =>
      message.type === "attachment_path" ? [[message.data.path, message.data.contentType]] : [],
    );
  expect(attached()).toEqual([]);
  mkdirSync(dirname(join(folder, trace)), { recursive: true });
  writeFileSync(join(folder, trace), JSON.stringify(exampleTrace()));
  writeTracePage(folder, trace);
  expect(attached()).toEqual([[join(folder, page), "text/html"]]);
});
