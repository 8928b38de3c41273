import { formatDuration } from "#reports/conformance/words.ts";
import { formatTime, percent } from "#reports/matrix/outcomes.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { section } from "#reports/page/parts.ts";
import { renderChart } from "./chart.ts";

/** What a history shows over time. */
export interface HistoryReview {
  nights: readonly {
    at: string;
    ms: number;
    passRate: number | undefined;
    flipRate: number | undefined;
  }[];
  flaky: readonly { cell: string; requirement: string; flips: number; runs: number }[];
}

const shownRuns = 60;
const shownFlaky = 20;

/** The history as a section of the matrix page: pass rate, duration and flakiness of the last runs. */
export function renderHistory({ nights, flaky }: HistoryReview): Html {
  const recent = nights.slice(-shownRuns);
  const names = recent.map(({ at }) => formatTime(at));
  const charts = [
    renderChart({
      title: "Passed",
      values: recent.map(({ passRate }) => passRate),
      names,
      format: percent,
      top: 1,
    }),
    renderChart({ title: "Duration", values: recent.map(({ ms }) => ms), names, format: formatDuration }),
    renderChart({
      title: "Changed verdict since the run before",
      values: recent.map(({ flipRate }) => flipRate),
      names,
      format: percent,
      top: 0.05,
    }),
  ];
  const table = renderFlaky(flaky.slice(0, shownFlaky));
  return section("history", "History", html`<div class="charts">${lines(charts)}</div>${table}`);
}

function renderFlaky(flaky: HistoryReview["flaky"]): Html {
  if (flaky.length === 0)
    return html`<p class="quiet">No requirement changed its verdict more than once.</p>`;
  const rows = flaky.map(
    ({ cell, requirement, flips, runs }) =>
      html`<tr><th scope="row">${requirement} on ${cell}</th><td class="number">${flips}</td><td class="number">${runs}</td></tr>`,
  );
  return html`<h3>Changed their verdict again and again</h3><table><thead><tr><th scope="col">requirement</th><th scope="col" class="number">changes</th><th scope="col" class="number">runs</th></tr></thead><tbody>${lines(rows)}</tbody></table>`;
}
