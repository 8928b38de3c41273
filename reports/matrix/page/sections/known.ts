import type { Matrix } from "#reports/matrix/schema.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { badge, section } from "#reports/page/parts.ts";

/** What was known to fail, as a section of the matrix page: each with the report that its authors have; nothing where no list was given. */
export function renderKnown(
  { known = [] }: Pick<Matrix, "known">,
  linkByName: (name: string, requirement: string) => string,
): Html {
  if (known.length === 0) return html``;
  const list = known.map(({ cell, requirement, says, upstream, state }) => {
    const mark = state === "seen" ? badge("warn", "known") : badge("bad", "gone: take it off the list");
    const where = link(linkByName(cell, requirement), `${requirement} on ${cell}`);
    return html`<li>${mark} ${where} ${says} ${link(upstream, upstream)}</li>`;
  });
  return section("known", "Known to fail", html`<ul class="red-list">${lines(list)}</ul>`);
}
