import type { Coverage } from "#harness/tools/tutorial/coverage.ts";
import { whyBroken } from "#harness/tools/tutorial/report/console.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import {
  countVerdicts,
  overheadOf,
  type TutorialRun,
  verdicts,
} from "#harness/tools/tutorial/run/tutorial-run.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { renderPage } from "#reports/page/page.ts";
import { badge, section } from "#reports/page/parts.ts";
import { renderClaims } from "./claims.ts";
import { tones } from "./step.ts";
import { renderText } from "./text.ts";

const style = `
.step { margin: 0 0 0.75rem; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.step > .top { display: flex; flex-wrap: wrap; gap: 0.35rem 0.75rem; align-items: baseline; padding: 0.4rem 0.75rem; background: var(--raised); }
.step code.typed { overflow-wrap: anywhere; font-weight: 600; }
.step .where { color: var(--quiet); font-size: 0.8125rem; }
.step > ul, .step > details, .step > pre { margin: 0.4rem 0.75rem; }
.step > ul { padding-inline-start: 1.2rem; }
.step pre .minus { color: var(--bad); }
.step pre .plus { color: var(--good); }
.step.broken { border-color: var(--bad); }
main li, main p { overflow-wrap: anywhere; }
img { display: none; }
.summary { display: flex; flex-wrap: wrap; gap: 0.5rem; padding: 0; list-style: none; }`;

/** The tutorial as a page: its text, and at every command what became of it. */
export function renderTutorial(run: TutorialRun, coverage: Coverage | undefined): string {
  const { tutorial, engine, results } = run;
  const name = tutorial.file.split("/").at(-1) ?? tutorial.file;
  const broken = results.filter(({ verdict }) => verdict === "broken");
  return renderPage({
    title: `${name} on Docker ${engine}`,
    lead: renderLead(run),
    links: [
      ...(broken.length > 0 ? [{ href: "#broken", text: "Broken" }] : []),
      ...(coverage ? [{ href: "#claims", text: "Claims" }] : []),
      { href: "#text", text: "The text" },
      ...tutorial.chapters
        .filter(({ index }) => results.some(({ step }) => step.chapter.index === index))
        .map(({ line, title }) => ({ href: `#heading-${line}`, text: title })),
    ],
    style,
    body: lines([
      renderSummary(results),
      broken.length > 0 ? section("broken", "Broken", html`<ol>${broken.map(renderBroken)}</ol>`) : undefined,
      tutorial.notes.length > 0 ? section("markdown", "About the Markdown", renderNotes(run)) : undefined,
      coverage && section("claims", "Claims", renderClaims(coverage)),
      section("text", "The text", renderText(run)),
    ]),
  });
}

function renderLead(run: TutorialRun): Html {
  const at = new Date(run.startedAt).toISOString().slice(0, 16).replace("T", " ");
  const share = (overheadOf(run) * 100).toFixed(1);
  return html`<p class="quiet">Plugin: ${run.plugin}. ${at} UTC, ${run.results.length} commands in ${(run.commandMs / 1000).toFixed(1)} s, the runner's own share ${share} %.</p>`;
}

function renderSummary(results: readonly StepResult[]): Html {
  const counts = countVerdicts(results);
  const items = verdicts.map((verdict) => {
    return html`<li>${badge(tones[verdict], `${counts[verdict]} ${verdict}`)}</li>`;
  });
  return html`<ul class="summary" aria-label="How many commands">${items}</ul>`;
}

function renderBroken(result: StepResult): Html {
  const { line, command } = result.step;
  return html`<li>${link(`#line-${line}`, `line ${line}`)} <code>${command.split("\n")[0]}</code><br><span class="quiet small">${whyBroken(result)}</span></li>`;
}

function renderNotes({ tutorial }: TutorialRun): Html {
  const items = tutorial.notes.map(({ line, text }) => html`<li>line ${line}: ${text}</li>`);
  return html`<ul>${items}</ul>`;
}
