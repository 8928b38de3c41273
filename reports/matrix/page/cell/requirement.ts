import { firstLineOf } from "#harness/core/text/lines.ts";
import { toldBefore } from "#reports/conformance/outcome/causes.ts";
import type { RequirementResult, TargetStatement } from "#reports/conformance/schema.ts";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import { outcomeSigns } from "#reports/matrix/outcomes.ts";
import { timelinesIn } from "#reports/nemesis/link.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { anchorOf, encodePath, link } from "#reports/page/link.ts";
import { badge, details } from "#reports/page/parts.ts";
import { partEvidence } from "#reports/trace/link.ts";
import type { Bounds } from "./commands.ts";
import { renderEvidence } from "./evidence.ts";

/** One requirement of a cell with what its outcome rests on; `path` is the folder of the cell. */
export function renderRequirement(
  target: Pick<TargetStatement, "causes">,
  result: RequirementResult,
  path: string,
  bounds: Bounds,
): Html {
  const { requirement, title, level, provisional, outcome, source, durationMs } = result;
  const { sign, tone } = outcomeSigns[outcome];
  const took = durationMs > 0 && ` · ${formatDuration(durationMs)}`;
  const used = result.cost && "seconds" in result.cost.processor && result.cost.processor.seconds;
  const processors = typeof used === "number" && ` · ${formatDuration(used * 1000)} of processors`;
  return html`<article class="card requirement" id="${anchorOf(requirement)}" tabindex="-1">
<h3>${badge(tone, `${sign} ${outcome}`)} ${requirement}: ${title}</h3>
<p class="quiet small">${level}${provisional && ", provisional and no verdict"} · ${source.url === undefined ? source.text : link(source.url, source.text, { rel: "noreferrer" })}${took}${processors}</p>
${renderReason(target, result)}
${renderTraceLink(result)}
${renderTimelinesLink(result)}
${renderFacts(result)}
${renderTests(result)}
${renderEvidence(result, path, bounds)}
</article>`;
}

function renderReason(target: Pick<TargetStatement, "causes">, result: RequirementResult): Html {
  const { reason, notes = [], reproduce, outcome } = result;
  const parts = notes.map((note) => html`<p>Worth knowing: ${note}</p>`);
  const told = toldBefore(target, result);
  if (told) {
    const [first = ""] = told.requirements;
    return lines([
      ...parts,
      html`<p>The same cause as ${link(`#${anchorOf(first)}`, first)}: ${told.what}</p>`,
    ]);
  }
  const cause = target.causes?.find(({ id }) => id === result.causes?.[0]);
  const others = (cause?.requirements ?? []).filter((id) => id !== result.requirement);
  if (others.length > 0) {
    const links = others.map((id) => link(`#${anchorOf(id)}`, id));
    parts.push(
      html`<p>The same cause took ${plural(others.length, "more requirement")}: ${lines(links)}</p>`,
    );
  }
  if (reason !== undefined) {
    const short = outcome === "blocked" || outcome === "unsupported" || outcome === "not run";
    parts.push(short ? html`<p>${reason}</p>` : html`<pre class="wrap failure">${reason}</pre>`);
  }
  if (reproduce !== undefined) parts.push(html`<p>By hand:</p><pre class="wrap">${reproduce}</pre>`);
  return lines(parts);
}

function renderTraceLink({ evidence }: RequirementResult): Html | undefined {
  const { page } = partEvidence(evidence);
  return page === undefined
    ? undefined
    : html`<p>${link(encodePath(page), "The failure on one page")}: all who took part in it on one clock</p>`;
}

function renderTimelinesLink({ evidence }: RequirementResult): Html | undefined {
  const page = timelinesIn(evidence);
  return page === undefined
    ? undefined
    : html`<p>${link(encodePath(page), "Timelines")}: what was disturbed, changed and seen, on one clock</p>`;
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
    const why = outcome !== "passed" && reason !== undefined && html`<br>${firstLineOf(reason)}`;
    return html`<li>${badge(tone, sign)} ${name}${why}</li>`;
  });
  return details({ summary: plural(tests.length, "test") }, html`<ul>${items}</ul>`);
}
