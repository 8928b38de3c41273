import { formatCostOf } from "#reports/conformance/cost/words.ts";
import type { TargetStatement } from "#reports/conformance/schema.ts";
import { formatDuration } from "#reports/conformance/words.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { scrollable, section } from "#reports/page/parts.ts";

/** What each test file of a cell cost; `undefined` where none says so. */
export function renderChapters({ chapters = [] }: Pick<TargetStatement, "chapters">): Html | undefined {
  if (chapters.length === 0) return undefined;
  const rows = chapters.map((chapter) => {
    const { processor, memory } = formatCostOf(chapter);
    const budget = chapter.budget ? formatDuration(chapter.budget.processorSeconds * 1000) : "";
    const parts = (chapter.cost?.parts ?? []).map((part) => {
      const own = formatCostOf({ cost: { ...part, parts: [] } });
      return html`<li>${part.of}: ${own.processor}, ${own.memory}</li>`;
    });
    return html`<tr><th scope="row">${chapter.file}</th><td class="number">${formatDuration(chapter.durationMs)}</td><td class="number">${processor}</td><td class="number">${budget}</td><td class="number">${memory}</td><td><ul>${lines(parts)}</ul></td></tr>`;
  });
  const table = html`<table>
<thead><tr><th scope="col">test file</th><th scope="col" class="number">took</th><th scope="col" class="number">processors</th><th scope="col" class="number">budget</th><th scope="col" class="number">peak memory</th><th scope="col">of it</th></tr></thead>
<tbody>${lines(rows)}</tbody></table>`;
  return section("chapters", "What its chapters cost", scrollable("chapters", table));
}
