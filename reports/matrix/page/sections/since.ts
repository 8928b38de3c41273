import type { Cell } from "#reports/matrix/schema.ts";
import { type Breakage, breakagesOf } from "#reports/matrix/since.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { scrollable, section } from "#reports/page/parts.ts";

/** Since which engine version requirements break, driver by driver; nothing where one version was run. */
export function renderSince(
  cells: readonly Cell[],
  linkTo: (cell: string, requirement: string) => string,
): Html | undefined {
  if (new Set(cells.map(({ engine }) => engine)).size < 2) return undefined;
  const found = breakagesOf(cells);
  const body =
    found.length === 0
      ? html`<p>No requirement fails on the newest engine version that judged it.</p>`
      : scrollable(
          "since",
          html`<table class="since"><thead><tr><th scope="col">requirement</th><th scope="col">driver</th><th scope="col">breaks since</th><th scope="col">held until</th></tr></thead><tbody>${lines(found.map((one) => renderRow(one, linkTo)))}</tbody></table>`,
        );
  return section("since", "Since which engine version", body);
}

function renderRow(one: Breakage, linkTo: (cell: string, requirement: string) => string): Html {
  const { driver, requirement, title, variant, since, holds } = one;
  const flags = variant.startsWith("[") ? variant : "";
  const href = linkTo(`${driver}@${since}${flags}`, requirement);
  return html`<tr><td><b>${link(href, requirement)}</b> ${title}</td><td>${driver} ${variant}</td><td>${since}</td><td>${holds ?? "never, on the versions that were run"}</td></tr>`;
}
