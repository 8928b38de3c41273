import MarkdownIt from "markdown-it";
import type { TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { type Html, html, raw } from "#reports/page/html.ts";
import { renderStep } from "./step.ts";

/**
 * The text of a tutorial with its commands' results at the places of the commands. HTML of the text is shown as text, and
 * a link that runs a script is none: markdown-it sees to both.
 */
export function renderText({ tutorial, results }: TutorialRun): Html {
  const markdown = new MarkdownIt({ html: false });
  const within = (map: [number, number] | null | undefined) =>
    map ? results.filter(({ step }) => step.line > map[0] && step.line <= map[1]) : [];
  const { rules } = markdown.renderer;
  rules.fence = rules.code_block = (tokens, index) => {
    const token = tokens[index];
    const here = within(token?.map);
    const shown = here.length > 0 ? html`${here.map(renderStep)}` : html`<pre>${token?.content}</pre>\n`;
    return shown.toString();
  };
  rules.paragraph_close = (tokens, index, options, _env, self) => {
    const open = tokens.slice(0, index).findLast(({ type }) => type === "paragraph_open");
    const close = raw(self.renderToken(tokens, index, options));
    return html`${close}${within(open?.map).map(renderStep)}`.toString();
  };
  rules.heading_open = (tokens, index) => {
    const token = tokens[index];
    return html`<h${levelOf(token?.tag)} id="heading-${(token?.map?.[0] ?? 0) + 1}">`.toString();
  };
  rules.heading_close = (tokens, index) => html`</h${levelOf(tokens[index]?.tag)}>\n`.toString();
  return raw(markdown.render(tutorial.lines.join("\n")));
}

/** One below the text's own: the page has a heading of its own, and one of this section. */
function levelOf(tag = "h2"): number {
  return Math.min(6, Number(tag.slice(1)) + 1);
}
