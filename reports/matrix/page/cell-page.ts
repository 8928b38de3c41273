import { join } from "node:path";
import type { RequirementResult } from "#reports/conformance/schema.ts";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import type { Cell } from "#reports/matrix/schema.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { renderPage } from "#reports/page/page.ts";
import { badge, section } from "#reports/page/parts.ts";
import { renderChapters } from "./cell/chapters.ts";
import type { Bounds } from "./cell/commands.ts";
import { renderRequirement } from "./cell/requirement.ts";

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

/** Requirements of a cell that are shown together. */
interface Group {
  id: string;
  title: string;
  outcomes: readonly RequirementResult["outcome"][];
  /** How much of their transcripts is shown. */
  bounds: Bounds;
  /** Name in the links at the top, where it is not `title`. */
  name?: string;
}

const groups: readonly Group[] = [
  { id: "red", title: "Red", outcomes: ["failed", "error"], bounds: inFull },
  {
    id: "open",
    title: "Not shown here",
    name: "Not shown",
    outcomes: ["engine at fault", "blocked", "unsupported", "not run"],
    bounds: inShort,
  },
  { id: "passed", title: "Passed", outcomes: ["passed"], bounds: inShort },
];

/**
 * The page of one cell: every requirement with what it rests on. What failed comes first, with its text, the commands and
 * their output; `folder` is the matrix's folder, where the transcripts lie; `home` is the way back from this page.
 */
export function renderCellPage(cell: Cell, folder: string, home: string): string {
  const shown = groups.map((group) => ({ ...group, results: resultsOf(cell, group) }));
  const red = shown.find(({ id }) => id === "red")?.results.length ?? 0;
  const path = join(folder, cell.folder);
  return renderPage({
    title: `${cell.name}: ${plural(red, "requirement")} red`,
    lead: renderLead(cell),
    links: [
      { href: home, text: "← the whole matrix" },
      ...shown
        .filter(({ results }) => results.length > 0)
        .map(({ id, title, name = title, results }) => ({
          href: `#${id}`,
          text: `${name} (${results.length})`,
        })),
    ],
    style,
    body: lines([
      renderState(cell),
      ...shown.map(({ id, title, bounds, results }) => {
        const cards = results.map((result) => renderRequirement(cell.target ?? {}, result, path, bounds));
        return cards.length === 0 ? undefined : section(id, title, lines(cards));
      }),
      renderChapters(cell.target ?? {}),
    ]),
    footer: html`<a href="output.txt">All that the run of this cell said</a>`,
  });
}

function resultsOf({ target }: Cell, { outcomes }: Group): RequirementResult[] {
  return (target?.results ?? []).filter(({ outcome }) => outcomes.includes(outcome));
}

function renderLead({ target, engine, firewall, durationMs }: Cell): Html {
  const versions = Object.entries(target?.versions ?? {}).map(([name, value]) => `${name} ${value}`);
  const parts = [
    target?.title ?? "",
    `Docker ${engine}`,
    `iptables-${firewall}`,
    ...versions,
    `took ${formatDuration(durationMs)}`,
  ];
  return html`<p class="quiet">${parts.filter(Boolean).join(" · ")}</p>`;
}

/** What the run of the cell came to, where that is not its end without a fault. */
function renderState({ state, because = "", errors }: Cell): Html | undefined {
  if (state === "complete" && errors.length === 0) return undefined;
  const faults = errors.map(
    ({ where, message }) => html`<div class="card"><h3>${where}</h3><pre class="wrap">${message}</pre></div>`,
  );
  const why =
    state !== "complete" &&
    html`<p>${badge("odd", state)} This cell did not run to its end.</p><pre class="wrap">${because}</pre>`;
  return html`<section id="state"><h2>The run itself</h2>${why}${lines(faults)}</section>`;
}
