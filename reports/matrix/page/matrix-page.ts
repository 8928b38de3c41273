import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import { formatCounts, formatTime, type MatrixCounts } from "#reports/matrix/outcomes.ts";
import type { Matrix } from "#reports/matrix/schema.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { renderPage } from "#reports/page/page.ts";
import { badge } from "#reports/page/parts.ts";
import { linkTo } from "./cell-link.ts";
import { renderCost } from "./sections/cost.ts";
import { renderDrift } from "./sections/drift.ts";
import { type HistoryReview, renderHistory } from "./sections/history.ts";
import { renderKnown } from "./sections/known.ts";
import { renderRed } from "./sections/red.ts";
import { renderSince } from "./sections/since.ts";
import { renderTable } from "./sections/table.ts";

const style = readFileSync(join(import.meta.dirname, "matrix.css"), "utf8");

/** The page of the whole matrix: what is red, what drifted, requirement × driver × engine, history, cost. */
export function renderMatrixPage(matrix: Matrix, counts: MatrixCounts, review: HistoryReview): string {
  const { cells, drift } = matrix;
  const linkByName = (name: string, requirement: string) => {
    const cell = cells.find((candidate) => candidate.name === name);
    return cell ? linkTo(cell, requirement) : "#matrix";
  };
  return renderPage({
    title: "Conformance matrix",
    lead: renderLead(matrix, counts),
    links: [
      { href: "#red", text: "Red" },
      { href: "#drift", text: "Drift" },
      { href: "#since", text: "Since" },
      { href: "#matrix", text: "Matrix" },
      { href: "#history", text: "History" },
      { href: "#cost", text: "Cost" },
    ],
    style,
    body: lines([
      renderRed(cells),
      renderKnown(matrix, linkByName),
      ...drift.map((entry) => renderDrift(entry, linkByName)),
      renderSince(cells, linkByName),
      renderTable(matrix),
      renderHistory(review),
      renderCost(matrix),
    ]),
    footer: renderFooter(matrix),
  });
}

function renderLead({ cells, run }: Matrix, counts: MatrixCounts): Html {
  const verdict = badge(counts.failed === 0 ? "good" : "bad", formatCounts(counts));
  const only = run.selection.length > 0 ? `, only ${run.selection.join(" ")}` : "";
  return html`<p class="verdict">${verdict}
${plural(cells.length, "cell")}, ${formatTime(run.startedAt)} UTC, ${formatDuration(run.durationMs)}${only}</p>`;
}

function renderFooter({ generator, environment: { host } }: Matrix): Html {
  const origin = `${generator.name} ${generator.version} on Linux ${host.kernel}, ${plural(host.cpus, "core")}`;
  return html`${origin}. The same for machines: <a href="matrix.json">matrix.json</a>.`;
}
