import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatDuration, plural } from "#reports/conformance/console.ts";
import type { Verdict } from "#reports/conformance/schema.ts";
import { formatSpeed } from "#reports/matrix/markdown.ts";
import { cellPageFile, formatTime, outcomeSigns, requirementsOf } from "#reports/matrix/outcomes.ts";
import type { Cell, Matrix } from "#reports/matrix/schema.ts";
import { anchorOf, badge, escapeHtml, renderPage, type Tone } from "#reports/page/page.ts";
import { encodePath } from "./cell-page.ts";
import { renderDrift } from "./drift-section.ts";
import { type HistoryReview, renderHistory } from "./history-section.ts";

const style = readFileSync(join(import.meta.dirname, "matrix.css"), "utf8");

const verdictTones: Record<Verdict, { sign: string; short: string; tone: Tone }> = {
  conformant: { sign: "●", short: "conformant", tone: "good" },
  partial: { sign: "◐", short: "partial", tone: "good" },
  "not conformant": { sign: "✘", short: "not conf.", tone: "bad" },
  incomplete: { sign: "○", short: "incomplete", tone: "warn" },
  "not applicable": { sign: "–", short: "n/a", tone: "muted" },
  "not run": { sign: "·", short: "not run", tone: "muted" },
};

/** The page of the whole matrix: what is red, what drifted, requirement × driver × engine, history, cost. */
export function renderMatrixPage(
  matrix: Matrix,
  counts: { passed: number; failed: number },
  review: HistoryReview,
): string {
  const { cells, run, drift, environment, generator } = matrix;
  const { host } = environment;
  const parts = [
    renderRed(cells),
    ...drift.map((entry) =>
      renderDrift(entry, (name, requirement) => {
        const cell = cells.find((candidate) => candidate.name === name);
        return cell ? linkTo(cell, requirement) : "#matrix";
      }),
    ),
    renderTable(matrix),
    renderHistory(review),
    renderCost(matrix),
  ];
  return renderPage({
    title: "Conformance matrix",
    lead: `<p class="verdict">${badge(counts.failed === 0 ? "good" : "bad", `${counts.passed} passed, ${counts.failed} failed`)}
${plural(cells.length, "cell")}, ${formatTime(run.startedAt)} UTC, ${formatDuration(run.durationMs)}${run.selection.length > 0 ? `, only ${escapeHtml(run.selection.join(" "))}` : ""}</p>`,
    links: [
      { href: "#red", text: "Red" },
      { href: "#drift", text: "Drift" },
      { href: "#matrix", text: "Matrix" },
      { href: "#history", text: "History" },
      { href: "#cost", text: "Cost" },
    ],
    style,
    body: parts.join("\n"),
    footer: `${escapeHtml(generator.name)} ${escapeHtml(generator.version)} on Linux ${escapeHtml(host.kernel)}, ${plural(host.cpus, "core")}. The same for machines: <a href="matrix.json">matrix.json</a>.`,
  });
}

/** Where a requirement of a cell is told in full, relative to the matrix page. */
function linkTo(cell: Pick<Cell, "folder">, requirement?: string): string {
  const page = encodePath(`${cell.folder}/${cellPageFile}`);
  return requirement === undefined ? page : `${page}#${anchorOf(requirement)}`;
}

function renderRed(cells: readonly Cell[]): string {
  const broken = cells
    .filter(({ state, errors }) => state !== "complete" || errors.length > 0)
    .map((cell) => {
      const why = cell.because ?? cell.errors[0]?.message ?? "";
      return `<li>${badge(cell.state === "blocked" ? "warn" : "odd", cell.state)} <a href="${linkTo(cell)}#state">${escapeHtml(cell.name)}</a><code>${escapeHtml(firstLine(why))}</code></li>`;
    });
  const red = cells.flatMap((cell) =>
    (cell.target?.results ?? [])
      .filter(({ outcome }) => outcome === "failed" || outcome === "error")
      .map(({ requirement, outcome, title, reason = "" }) => {
        const { sign, tone } = outcomeSigns[outcome];
        return `<li>${badge(tone, `${sign} ${outcome}`)} <a href="${linkTo(cell, requirement)}">${escapeHtml(requirement)} on ${escapeHtml(cell.name)}</a> ${escapeHtml(title)}<code>${escapeHtml(firstLine(reason))}</code></li>`;
      }),
  );
  const list = [...broken, ...red];
  const body = list.length === 0 ? "<p>Nothing is red.</p>" : `<ul class="red-list">${list.join("\n")}</ul>`;
  return `<section aria-labelledby="red"><h2 id="red">Red</h2>${body}</section>`;
}

function renderTable({ cells, drift }: Matrix): string {
  const drivers = [...new Set(cells.map(({ driver }) => driver))];
  const isFirst = (cell: Cell) => cells.find(({ driver }) => driver === cell.driver) === cell;
  const groups = drivers.map((driver) => {
    const span = cells.filter((cell) => cell.driver === driver).length;
    return `<th class="driver" scope="colgroup" colspan="${span}">${escapeHtml(driver)}</th>`;
  });
  const engines = cells.map(
    (cell) =>
      `<th scope="col" class="${isFirst(cell) ? "first" : ""}"><a href="${linkTo(cell)}">${escapeHtml(cell.engine)}${cell.firewall === "nft" ? "" : `<br><span class="small">${cell.firewall}</span>`}</a></th>`,
  );
  const changed = new Map(
    drift.flatMap(({ changes, between }) =>
      between === "nights"
        ? changes.map(({ cell, requirement, kind }) => [`${cell} ${requirement}`, kind] as const)
        : [],
    ),
  );
  const requirements = requirementsOf(cells);
  const profiles = [...new Set(requirements.map(({ profile }) => profile))];
  const rows = profiles.flatMap((profile) => [
    renderProfileRow(profile, cells, isFirst),
    ...requirements
      .filter((requirement) => requirement.profile === profile)
      .map(({ id, title, level }) => {
        const states = cells.map((cell) => cellOf(cell, id, changed.get(`${cell.name} ${id}`)));
        const calm = states.every((state) => state.calm);
        const columns = states.map(
          ({ html, classes }, index) =>
            `<td class="${[...classes, ...(isFirst(cells[index] as Cell) ? ["first"] : [])].join(" ")}">${html}</td>`,
        );
        const must = level === "MUST" ? "" : ` <span class="quiet small">${level}</span>`;
        return `<tr${calm ? ' class="calm"' : ""}><th scope="row"><b>${id}</b> ${escapeHtml(title)}${must}</th>${columns.join("")}</tr>`;
      }),
  ]);
  const key = Object.entries(outcomeSigns).map(
    ([outcome, { sign, tone }]) => `<li>${badge(tone, sign)} ${outcome}</li>`,
  );
  return `<section aria-labelledby="matrix"><h2 id="matrix">Matrix</h2>
<ul class="key small">${key.join("")}<li class="narrow">profiles: ● conformant, ◐ partial, ○ incomplete</li><li>a corner: changed since the last green run</li></ul>
<label class="only"><input type="checkbox" id="only"> only rows with something red, blocked, broken or changed</label>
<div class="scroll" role="region" aria-labelledby="matrix" tabindex="0"><table class="matrix">
<thead><tr><td class="corner" rowspan="2"></td>${groups.join("")}</tr><tr>${engines.join("")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

function renderProfileRow(profile: string, cells: readonly Cell[], isFirst: (cell: Cell) => boolean): string {
  const columns = cells.map((cell) => {
    const found = cell.target?.profiles.find((entry) => entry.profile === profile);
    const first = isFirst(cell) ? " first" : "";
    if (!found) return `<td class="verdict-cell${first}"></td>`;
    const { sign, short, tone } = verdictTones[found.verdict];
    const title = [found.verdict, found.because].filter(Boolean).join(": ");
    return `<td class="verdict-cell ${tone}${first}" title="${escapeHtml(title)}"><span class="narrow" aria-hidden="true">${sign}</span><span class="wide">${short}</span></td>`;
  });
  return `<tr class="profile"><th scope="row">${escapeHtml(profile)}</th>${columns.join("")}</tr>`;
}

function cellOf(
  cell: Cell,
  requirement: string,
  change: string | undefined,
): { html: string; classes: string[]; calm: boolean } {
  const result = cell.target?.results.find((entry) => entry.requirement === requirement);
  if (!result) return { html: "", classes: ["muted"], calm: cell.state === "complete" };
  const { outcome, reason = "" } = result;
  const { sign, tone } = outcomeSigns[outcome];
  const told = [`${requirement} on ${cell.name}: ${outcome}`, firstLine(reason), change ?? ""];
  const html = `<a href="${linkTo(cell, requirement)}" title="${escapeHtml(told.filter(Boolean).join("\n"))}">${sign}<span class="hidden"> ${outcome}</span></a>`;
  return {
    html,
    classes: [tone, ...(change === undefined ? [] : ["changed"])],
    calm: change === undefined && (outcome === "passed" || outcome === "unsupported"),
  };
}

function renderCost(matrix: Matrix): string {
  const { cells, speed } = matrix;
  const longest = Math.max(1, ...cells.map(({ durationMs }) => durationMs));
  const rows = cells.map(
    (cell) =>
      `<tr><th scope="row"><a href="${linkTo(cell)}">${escapeHtml(cell.name)}</a></th><td>${cell.state}</td><td class="number">${formatDuration(cell.durationMs)}</td><td class="number">${formatDuration(cell.startedAfterMs)}</td><td><span class="bar" style="width:${((cell.durationMs / longest) * 8).toFixed(2)}rem"></span></td></tr>`,
  );
  return `<section aria-labelledby="cost"><h2 id="cost">What each cell cost</h2>
<p>${escapeHtml(formatSpeed(speed))}.</p>
<div class="scroll" role="region" aria-labelledby="cost" tabindex="0"><table>
<thead><tr><th scope="col">cell</th><th scope="col">state</th><th scope="col" class="number">took</th><th scope="col" class="number">began after</th><td></td></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div></section>`;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
