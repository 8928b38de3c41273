import MarkdownIt from "markdown-it";
import type { Coverage } from "#harness/tools/tutorial/coverage.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import {
  countVerdicts,
  overheadOf,
  type StepVerdict,
  type TutorialRun,
  verdicts,
} from "#harness/tools/tutorial/run/tutorial-run.ts";
import { badge, escapeHtml, renderPage, type Tone } from "#reports/page/page.ts";
import { describeCause, differences, whyBroken } from "./console.ts";

const tones: Record<StepVerdict, Tone> = {
  same: "good",
  "differs harmlessly": "warn",
  broken: "bad",
  "not runnable": "muted",
};

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
`;

/** The tutorial as a page: its text, and at every command what became of it. */
export function renderTutorial(run: TutorialRun, coverage: Coverage | undefined): string {
  const { tutorial, engine, plugin, results, startedAt } = run;
  const name = tutorial.file.split("/").at(-1) ?? tutorial.file;
  const broken = results.filter(({ verdict }) => verdict === "broken");
  const counts = countVerdicts(results);
  const summary = verdicts
    .map((verdict) => `<li>${badge(tones[verdict], `${counts[verdict]} ${verdict}`)}</li>`)
    .join("");
  const list = broken.map(
    (result) =>
      `<li><a href="#line-${result.step.line}">line ${result.step.line}</a> <code>${escapeHtml(result.step.command.split("\n")[0] ?? "")}</code><br><span class="quiet small">${escapeHtml(whyBroken(result))}</span></li>`,
  );
  const notes = tutorial.notes.map(({ line, text }) => `<li>line ${line}: ${escapeHtml(text)}</li>`);
  const section = (id: string, title: string, body: string) =>
    `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${body}</section>`;
  const body = [
    `<ul class="summary" aria-label="How many commands">${summary}</ul>`,
    broken.length > 0 ? section("broken", "Broken", `<ol>${list.join("")}</ol>`) : "",
    notes.length > 0 ? section("markdown", "About the Markdown", `<ul>${notes.join("")}</ul>`) : "",
    coverage ? section("claims", "Claims", describeClaims(coverage)) : "",
    section("text", "The text", renderText(run)),
  ].join("\n");
  return renderPage({
    title: `${name} on Docker ${engine}`,
    lead: `<p class="quiet">Plugin: ${escapeHtml(plugin)}. ${new Date(startedAt).toISOString().slice(0, 16).replace("T", " ")} UTC, ${results.length} commands in ${(run.commandMs / 1000).toFixed(1)} s, the runner's own share ${(overheadOf(run) * 100).toFixed(1)} %.</p>`,
    links: [
      ...(broken.length > 0 ? [{ href: "#broken", text: "Broken" }] : []),
      ...(coverage ? [{ href: "#claims", text: "Claims" }] : []),
      { href: "#text", text: "The text" },
      ...tutorial.chapters
        .filter(({ index }) => results.some(({ step }) => step.chapter.index === index))
        .map(({ line, title }) => ({ href: `#heading-${line}`, text: title })),
    ],
    style: `${style}.summary { display: flex; flex-wrap: wrap; gap: 0.5rem; padding: 0; list-style: none; }`,
    body,
  });
}

function renderText({ tutorial, results }: TutorialRun): string {
  const markdown = new MarkdownIt({ html: false });
  const within = (map: [number, number] | null | undefined) =>
    map ? results.filter(({ step }) => step.line > map[0] && step.line <= map[1]) : [];
  const { rules } = markdown.renderer;
  const plain = (text: string) => `<pre>${escapeHtml(text)}</pre>\n`;
  rules.fence = rules.code_block = (tokens, index) => {
    const token = tokens[index];
    const here = within(token?.map);
    return here.length > 0 ? here.map(renderStep).join("") : plain(token?.content ?? "");
  };
  rules.paragraph_close = (tokens, index, options, _env, self) => {
    const open = tokens.slice(0, index).findLast(({ type }) => type === "paragraph_open");
    return `${self.renderToken(tokens, index, options)}${within(open?.map).map(renderStep).join("")}`;
  };
  rules.heading_open = (tokens, index) => {
    const token = tokens[index];
    // The page has a heading of its own, and one of this section.
    const level = Math.min(6, Number(token?.tag.slice(1) ?? 2) + 1);
    return `<h${level} id="heading-${(token?.map?.[0] ?? 0) + 1}">`;
  };
  rules.heading_close = (tokens, index) =>
    `</h${Math.min(6, Number(tokens[index]?.tag.slice(1) ?? 2) + 1)}>\n`;
  return markdown.render(tutorial.lines.join("\n"));
}

function renderStep({ step, verdict, reason, findings, notes, ran, follows }: StepResult): string {
  const place =
    step.place.kind === "node"
      ? step.place.host
      : step.place.kind === "container"
        ? "in the container"
        : "no host";
  const said = [
    ...(reason === undefined ? [] : [escapeHtml(reason)]),
    ...(follows === undefined ? [] : [`<a href="#line-${follows}">${describeCause(follows)}</a>`]),
    ...findings.map(({ severity, text }) => `<strong>${severity}</strong>: ${escapeHtml(text)}`),
    ...notes.map((note) => `<span class="quiet">${escapeHtml(note)}</span>`),
  ];
  const compared = ran ? differences(step.expected, ran.output) : [];
  const details = ran
    ? `<details${verdict === "broken" ? " open" : ""}><summary>What ran, and its output beside the text's</summary>
<pre class="wrap"><span class="command">${escapeHtml(ran.node)}$ ${escapeHtml(ran.command)}</span>
${compared.map(colour).join("\n")}</pre>
<p class="quiet small">${ran.code === undefined ? "interrupted, or goes on" : `exit status ${ran.code}`}, ${Math.round(ran.durationMs)} ms; − the text, + here</p></details>`
    : `<pre class="wrap">${escapeHtml(step.expected.join("\n"))}</pre>`;
  return `<article class="step ${verdict.replaceAll(" ", "-")}" id="line-${step.line}">
<div class="top">${badge(tones[verdict], verdict)} <code class="typed">${escapeHtml(step.command)}</code> <span class="where"><a href="#line-${step.line}">line ${step.line}</a>, ${escapeHtml(place)}</span></div>
${said.length > 0 ? `<ul>${said.map((text) => `<li>${text}</li>`).join("")}</ul>` : ""}
${ran || step.expected.length > 0 ? details : ""}
</article>
`;
}

function colour(line: string): string {
  const text = escapeHtml(line);
  if (line.startsWith("- ")) return `<span class="minus">${text}</span>`;
  return line.startsWith("+ ") ? `<span class="plus">${text}</span>` : text;
}

function describeClaims({ claims, uncovered }: Coverage): string {
  const rows = claims.map(({ id, claim, asserted, lines }) => {
    const links = lines.map((line) => `<a href="#line-${line}">${line}</a>`).join(" ");
    const state = asserted ? badge("good", "asserted") : badge("warn", "no assertion");
    return `<tr><th scope="row">${escapeHtml(id)}</th><td>${escapeHtml(claim)}</td><td>${state}</td><td>${links || '<span class="quiet">not touched</span>'}</td></tr>`;
  });
  const lines = uncovered.map(
    ({ line, command, claims: ids }) =>
      `<li><a href="#line-${line}">line ${line}</a> <code>${escapeHtml(command)}</code> ${escapeHtml(ids.join(" "))}</li>`,
  );
  return `<details><summary>${claims.filter((claim) => claim.lines.length > 0).length} of ${claims.length} claims are touched</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Claims"><table><thead><tr><th scope="col">id</th><th scope="col">claim</th><th scope="col">suite</th><th scope="col">lines</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details>
<details><summary>${uncovered.length} commands that no assertion of the suite stands for</summary><ul>${lines.join("")}</ul></details>`;
}
