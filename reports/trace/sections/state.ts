import type { Trace } from "#harness/conformance/suite/record/trace/schema.ts";
import { plural } from "#reports/conformance/words.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { badge, details } from "#reports/page/parts.ts";

/** Changes of a kind that are shown at once. */
const unfolded = 12;

type Change = NonNullable<Trace["changes"]>[number];

/** What was different at the failure from the beginning of the chapter, and what each node told then. */
export function renderState(
  { changes, states }: Pick<Trace, "changes" | "states">,
  characters: number,
): Html {
  const hosts = [...new Set([...(changes ?? []), ...states].map(({ host }) => host))];
  if (hosts.length === 0) return html`<p class="quiet">No node was looked at.</p>`;
  const unread = changes === undefined && html`<p class="quiet">What had changed could not be read.</p>`;
  const parts = hosts.map((host) => {
    const changed = (changes ?? []).filter((one) => one.host === host);
    const told = states.filter((one) => one.host === host);
    const looks = told.map(({ name, command, text }) =>
      details(
        { summary: name },
        html`<pre><span class="command">${command}</span>\n${cut(text, characters) || "(nothing)"}</pre>`,
      ),
    );
    const atFailure = looks.length > 0 && html`<p>What it told at the failure:</p>${lines(looks)}`;
    return html`<h3>${host}</h3>${changes && renderChanges(changed, characters)}${atFailure}`;
  });
  return html`${unread}${lines(parts)}`;
}

function renderChanges(changes: readonly Change[], characters: number): Html {
  if (changes.length === 0) return html`<p>As it was when the chapter began.</p>`;
  const kinds = [...new Set(changes.map(({ kind }) => kind))];
  const groups = kinds.map((kind) => {
    const own = changes.filter((one) => one.kind === kind);
    const items = own.map(({ isThere, thing }) => {
      const mark = isThere ? badge("good", "new") : badge("bad", "gone");
      return html`<li>${mark} <code>${cut(thing, characters)}</code></li>`;
    });
    return details(
      { summary: `${kind}: ${plural(own.length, "change")}`, open: own.length <= unfolded },
      html`<ul class="changes">${items}</ul>`,
    );
  });
  return html`<p>${plural(changes.length, "thing")} that ${changes.length === 1 ? "is" : "are"} not as when the chapter began:</p>${lines(groups)}`;
}

/** The beginning of a text, where all of it is too long for the page. */
export function cut(text: string, characters: number): string {
  const more = text.length - characters;
  return more <= 0 ? text : `${text.slice(0, characters)}\n… ${more} more characters`;
}
