import { describeCause, differences } from "#harness/tools/tutorial/report/console.ts";
import type { Ran, StepResult } from "#harness/tools/tutorial/run/runner.ts";
import type { StepVerdict } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { badge, details, type Tone } from "#reports/page/parts.ts";

export const tones: Record<StepVerdict, Tone> = {
  same: "good",
  "differs harmlessly": "warn",
  broken: "bad",
  "not runnable": "muted",
};

/** What became of one command of the text. */
export function renderStep(result: StepResult): Html {
  const { step, verdict } = result;
  const place = html`${link(`#line-${step.line}`, `line ${step.line}`)}, ${placeOf(result)}`;
  return html`<article class="step ${verdict.replaceAll(" ", "-")}" id="line-${step.line}">
<div class="top">${badge(tones[verdict], verdict)} <code class="typed">${step.command}</code> <span class="where">${place}</span></div>
${renderRemarks(result)}
${renderOutput(result)}
</article>
`;
}

function placeOf({ step: { place } }: StepResult): string {
  if (place.kind === "node") return place.host;
  return place.kind === "container" ? "in the container" : "no host";
}

function renderRemarks({ reason, follows, findings, notes }: StepResult): Html | undefined {
  const remarks = [
    ...(reason === undefined ? [] : [reason]),
    ...(follows === undefined ? [] : [link(`#line-${follows}`, describeCause(follows))]),
    ...findings.map(({ severity, text }) => html`<strong>${severity}</strong>: ${text}`),
    ...notes.map((note) => html`<span class="quiet">${note}</span>`),
  ];
  if (remarks.length === 0) return undefined;
  return html`<ul>${remarks.map((remark) => html`<li>${remark}</li>`)}</ul>`;
}

function renderOutput({ step: { expected }, verdict, ran }: StepResult): Html | undefined {
  if (ran) {
    const summary = "What ran, and its output beside the text's";
    return details({ summary, open: verdict === "broken" }, renderRan(ran, expected));
  }
  return expected.length > 0 ? html`<pre class="wrap">${expected.join("\n")}</pre>` : undefined;
}

function renderRan({ node, command, output, code, durationMs }: Ran, expected: readonly string[]): Html {
  const compared = differences(expected, output).map(renderDifference);
  const end = code === undefined ? "interrupted, or goes on" : `exit status ${code}`;
  return html`
<pre class="wrap"><span class="command">${node}$ ${command}</span>
${lines(compared)}</pre>
<p class="quiet small">${end}, ${Math.round(durationMs)} ms; − the text, + here</p>`;
}

function renderDifference(line: string): Html {
  if (line.startsWith("- ")) return html`<span class="minus">${line}</span>`;
  return line.startsWith("+ ") ? html`<span class="plus">${line}</span>` : html`${line}`;
}
