import { formatDuration, plural } from "#reports/conformance/console.ts";
import type { RequirementResult } from "#reports/conformance/schema.ts";
import { firstLine, outcomeSigns } from "#reports/matrix/outcomes.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { anchorOf, link } from "#reports/page/link.ts";
import { badge, details } from "#reports/page/parts.ts";
import type { Bounds } from "./commands.ts";
import { renderEvidence } from "./evidence.ts";

/** One requirement of a cell with what its outcome rests on; `path` is the folder of the cell. */
export function renderRequirement(result: RequirementResult, path: string, bounds: Bounds): Html {
  const { requirement, title, level, outcome, source, durationMs } = result;
  const { sign, tone } = outcomeSigns[outcome];
  const took = durationMs > 0 && ` · ${formatDuration(durationMs)}`;
  return html`<article class="card requirement" id="${anchorOf(requirement)}" tabindex="-1">
<h3>${badge(tone, `${sign} ${outcome}`)} ${requirement}: ${title}</h3>
<p class="quiet small">${level} · ${link(source.url, source.text, { rel: "noreferrer" })}${took}</p>
${renderReason(result)}
${renderFacts(result)}
${renderTests(result)}
${renderEvidence(result, path, bounds)}
</article>`;
}

function renderReason({ reason, notes = [], reproduce, outcome }: RequirementResult): Html {
  const parts = notes.map((note) => html`<p>Worth knowing: ${note}</p>`);
  if (reason !== undefined) {
    const short = outcome === "blocked" || outcome === "unsupported" || outcome === "not run";
    parts.push(short ? html`<p>${reason}</p>` : html`<pre class="wrap failure">${reason}</pre>`);
  }
  if (reproduce !== undefined) parts.push(html`<p>By hand:</p><pre class="wrap">${reproduce}</pre>`);
  return lines(parts);
}

function renderFacts({ facts = {} }: RequirementResult): Html | undefined {
  const rows = Object.entries(facts).map(
    ([name, value]) => html`<dt class="quiet">${name}</dt><dd>${String(value)}</dd>`,
  );
  return rows.length === 0 ? undefined : html`<dl class="facts">${rows}</dl>`;
}

function renderTests({ tests }: RequirementResult): Html | undefined {
  if (tests.length < 2) return undefined;
  const items = tests.map(({ name, outcome, reason }) => {
    const { sign, tone } = outcomeSigns[outcome];
    const why = outcome !== "passed" && reason !== undefined && html`<br>${firstLine(reason)}`;
    return html`<li>${badge(tone, sign)} ${name}${why}</li>`;
  });
  return details({ summary: plural(tests.length, "test") }, html`<ul>${items}</ul>`);
}
