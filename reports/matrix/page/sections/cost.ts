import { formatCostOf } from "#reports/conformance/cost/words.ts";
import { formatDuration } from "#reports/conformance/words.ts";
import { formatSpeed } from "#reports/matrix/markdown.ts";
import { linkTo } from "#reports/matrix/page/cell-link.ts";
import type { Cell, Matrix } from "#reports/matrix/schema.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { scrollable, section } from "#reports/page/parts.ts";

/** Width of the bar of the cell that took longest, in rem. */
const widest = 8;

/** What each cell cost as a section of the matrix page. */
export function renderCost({ cells, speed }: Matrix): Html {
  const longest = Math.max(1, ...cells.map(({ durationMs }) => durationMs));
  const table = html`<table>
<thead><tr><th scope="col">cell</th><th scope="col">state</th><th scope="col" class="number">took</th><th scope="col" class="number">began after</th><th scope="col" class="number">processors</th><th scope="col" class="number">peak memory</th><td></td></tr></thead>
<tbody>${lines(cells.map((cell) => renderRow(cell, longest)))}</tbody></table>`;
  return section(
    "cost",
    "What each cell cost",
    html`
<p>${formatSpeed(speed)}.</p>
<p>Processors: time that the workers and nodes used while chapters ran. Peak memory: of the chapter that needed most.</p>
${scrollable("cost", table)}`,
  );
}

function renderRow(cell: Cell, longest: number): Html {
  const { name, state, durationMs, startedAfterMs, target } = cell;
  const { processor, memory } = formatCostOf(target);
  const width = ((durationMs / longest) * widest).toFixed(2);
  return html`<tr><th scope="row">${link(linkTo(cell), name)}</th><td>${state}</td><td class="number">${formatDuration(durationMs)}</td><td class="number">${formatDuration(startedAfterMs)}</td><td class="number">${processor}</td><td class="number">${memory}</td><td><span class="bar" style="width:${width}rem"></span></td></tr>`;
}
