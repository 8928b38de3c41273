import { firstLineOf } from "#harness/core/text/lines.ts";
import { causesOf } from "#reports/conformance/outcome/causes.ts";
import type { CauseStatement } from "#reports/conformance/schema.ts";
import { outcomeSigns } from "#reports/matrix/outcomes.ts";
import { linkTo } from "#reports/matrix/page/cell-link.ts";
import type { Cell } from "#reports/matrix/schema.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { badge, section } from "#reports/page/parts.ts";

/** What is red as a section of the matrix page: cells that did not run to their end, then requirements that failed; below it what engines are at fault for. */
export function renderRed(cells: readonly Cell[]): Html {
  const broken = cells
    .filter(({ state, errors }) => state !== "complete" || errors.length > 0)
    .map(renderBrokenCell);
  const isEngines = ({ outcome }: CauseStatement) => outcome === "engine at fault";
  const red = cells.flatMap((cell) => renderCauses(cell, (cause) => !isEngines(cause)));
  const engines = cells.flatMap((cell) => renderCauses(cell, isEngines));
  const list = [...broken, ...red];
  const body =
    list.length === 0 ? html`<p>Nothing is red.</p>` : html`<ul class="red-list">${lines(list)}</ul>`;
  const below =
    engines.length > 0 &&
    html`<h3>Engines at fault: the plugin is not charged</h3><ul class="red-list">${lines(engines)}</ul>`;
  return section("red", "Red", lines([body, below || undefined]));
}

function renderBrokenCell(cell: Cell): Html {
  const { name, state, because, errors } = cell;
  const why = because ?? errors[0]?.message ?? "";
  const mark = badge(state === "blocked" ? "warn" : "odd", state);
  return html`<li>${mark} ${link(`${linkTo(cell)}#state`, name)}<code>${firstLineOf(why)}</code></li>`;
}

/** Every such cause once, with the requirements that it took. */
function renderCauses(cell: Cell, isShown: (cause: CauseStatement) => boolean): Html[] {
  const results = cell.target?.results ?? [];
  const causes = causesOf(cell.target ?? { results }).filter(isShown);
  return causes.map(({ outcome, requirements, what }) => {
    const { sign, tone } = outcomeSigns[outcome];
    const [first = "", ...others] = requirements;
    const title = results.find(({ requirement }) => requirement === first)?.title ?? "";
    const links = [
      link(linkTo(cell, first), `${first} on ${cell.name}`),
      ...others.map((id) => link(linkTo(cell, id), id)),
    ];
    const took = others.length === 0 ? title : `one cause, ${requirements.length} requirements`;
    return html`<li>${badge(tone, `${sign} ${outcome}`)} ${lines(links)} ${took}<code>${what}</code></li>`;
  });
}
