import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { formatDuration, plural } from "#reports/conformance/console.ts";
import type { RequirementResult } from "#reports/conformance/schema.ts";
import { outcomeSigns } from "#reports/matrix/outcomes.ts";
import type { Cell } from "#reports/matrix/schema.ts";
import { anchorOf, badge, escapeHtml, renderPage } from "#reports/page/page.ts";
import { type Bounds, renderCommands } from "./commands.ts";

const inFull: Bounds = { commands: 40, characters: 4_000 };
const inShort: Bounds = { commands: 8, characters: 600 };

const style = `
.card h3 { margin-top: 0; }
pre.nonzero { border-inline-start: 4px solid var(--bad); }
.requirement { scroll-margin-top: 1rem; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0 0 .75rem; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl.facts { grid-template-columns: 1fr; } dl.facts dd { margin: 0 0 .25rem 1rem; } }
`;

/**
 * The page of one cell: every requirement with what it rests on. What failed comes first, with its text, the commands and
 * their output; `folder` is the matrix's folder, where the transcripts lie; `home` is the way back from this page.
 */
export function renderCellPage(cell: Cell, folder: string, home: string): string {
  const results = cell.target?.results ?? [];
  const of = (...outcomes: RequirementResult["outcome"][]) =>
    results.filter(({ outcome }) => outcomes.includes(outcome));
  const red = of("failed", "error");
  const rest = of("blocked", "unsupported", "not run");
  const passed = of("passed");
  const path = join(folder, cell.folder);
  const section = (name: string, id: string, parts: readonly string[]) =>
    parts.length === 0
      ? ""
      : `<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>${parts.join("\n")}</section>`;
  return renderPage({
    title: `${cell.name}: ${plural(red.length, "requirement")} red`,
    lead: renderLead(cell),
    links: [
      { href: home, text: "← the whole matrix" },
      ...(red.length > 0 ? [{ href: "#red", text: `Red (${red.length})` }] : []),
      ...(rest.length > 0 ? [{ href: "#open", text: `Not shown (${rest.length})` }] : []),
      ...(passed.length > 0 ? [{ href: "#passed", text: `Passed (${passed.length})` }] : []),
    ],
    style,
    body: [
      renderState(cell),
      section(
        "Red",
        "red",
        red.map((result) => renderResult(result, path, inFull)),
      ),
      section(
        "Not shown here",
        "open",
        rest.map((result) => renderResult(result, path, inShort)),
      ),
      section(
        "Passed",
        "passed",
        passed.map((result) => renderResult(result, path, inShort)),
      ),
    ].join("\n"),
    footer: `<a href="output.txt">All that the run of this cell said</a>`,
  });
}

function renderLead({ target, engine, firewall, durationMs }: Cell): string {
  const versions = Object.entries(target?.versions ?? {}).map(([name, value]) => `${name} ${value}`);
  const parts = [
    target?.title ?? "",
    `Docker ${engine}`,
    `iptables-${firewall}`,
    ...versions,
    `took ${formatDuration(durationMs)}`,
  ];
  return `<p class="quiet">${escapeHtml(parts.filter(Boolean).join(" · "))}</p>`;
}

function renderState({ state, because, errors }: Cell): string {
  const faults = errors.map(
    ({ where, message }) =>
      `<div class="card"><h3>${escapeHtml(where)}</h3><pre class="wrap">${escapeHtml(message)}</pre></div>`,
  );
  if (state === "complete" && faults.length === 0) return "";
  const head =
    state === "complete"
      ? ""
      : `<p>${badge("odd", state)} This cell did not run to its end.</p><pre class="wrap">${escapeHtml(because ?? "")}</pre>`;
  return `<section id="state"><h2>The run itself</h2>${head}${faults.join("\n")}</section>`;
}

function renderResult(result: RequirementResult, path: string, bounds: Bounds): string {
  const { requirement, title, level, outcome, source, durationMs } = result;
  const { sign, tone } = outcomeSigns[outcome];
  const took = durationMs > 0 ? ` · ${formatDuration(durationMs)}` : "";
  return `<article class="card requirement" id="${anchorOf(requirement)}" tabindex="-1">
<h3>${badge(tone, `${sign} ${outcome}`)} ${escapeHtml(requirement)}: ${escapeHtml(title)}</h3>
<p class="quiet small">${level} · <a href="${escapeHtml(source.url)}" rel="noreferrer">${escapeHtml(source.text)}</a>${took}</p>
${renderReason(result)}
${renderFacts(result)}
${renderTests(result)}
${renderEvidence(result, path, bounds)}
</article>`;
}

function renderReason({ reason, notes = [], reproduce, outcome }: RequirementResult): string {
  const parts = notes.map((note) => `<p>Worth knowing: ${escapeHtml(note)}</p>`);
  if (reason !== undefined) {
    const short = outcome === "blocked" || outcome === "unsupported" || outcome === "not run";
    parts.push(
      short ? `<p>${escapeHtml(reason)}</p>` : `<pre class="wrap failure">${escapeHtml(reason)}</pre>`,
    );
  }
  if (reproduce !== undefined) {
    parts.push(`<p>By hand:</p><pre class="wrap">${escapeHtml(reproduce)}</pre>`);
  }
  return parts.join("\n");
}

function renderFacts({ facts }: RequirementResult): string {
  const rows = Object.entries(facts ?? {}).map(
    ([name, value]) => `<dt class="quiet">${escapeHtml(name)}</dt><dd>${escapeHtml(String(value))}</dd>`,
  );
  return rows.length === 0 ? "" : `<dl class="facts">${rows.join("")}</dl>`;
}

function renderTests({ tests }: RequirementResult): string {
  if (tests.length < 2) return "";
  const items = tests.map(({ name, outcome, reason }) => {
    const { sign, tone } = outcomeSigns[outcome];
    const why =
      outcome === "passed" || reason === undefined ? "" : `<br>${escapeHtml(reason.split("\n")[0] ?? "")}`;
    return `<li>${badge(tone, sign)} ${escapeHtml(name)}${why}</li>`;
  });
  return `<details><summary>${plural(tests.length, "test")}</summary><ul>${items.join("")}</ul></details>`;
}

function renderEvidence(
  { transcript, evidence, outcome }: RequirementResult,
  path: string,
  bounds: Bounds,
): string {
  const parts: string[] = [];
  if (transcript !== undefined) {
    const { count, html } = renderCommands(join(path, transcript), bounds);
    const open = outcome === "failed" || outcome === "error" ? " open" : "";
    parts.push(
      `<details class="commands"${open}><summary>${plural(count, "command")} and their output</summary>${html}</details>`,
    );
  }
  const files = [...evidence, ...(transcript === undefined ? [] : [transcript])].map((file) => {
    const size = statSync(join(path, file), { throwIfNoEntry: false })?.size;
    const told = size === undefined ? "missing" : `${Math.ceil(size / 1024)} kB`;
    return `<li><a href="${escapeHtml(encodePath(file))}">${escapeHtml(basename(file))}</a> <span class="quiet small">${told}</span></li>`;
  });
  if (files.length > 0) parts.push(`<p class="small">Evidence:</p><ul class="small">${files.join("")}</ul>`);
  return parts.join("\n");
}

/** A relative path as a link: each part encoded. */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
