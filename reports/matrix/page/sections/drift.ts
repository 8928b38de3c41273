import { plural } from "#reports/conformance/words.ts";
import { counted, type GroupedChange, groupChanges } from "#reports/matrix/changes.ts";
import { formatTime } from "#reports/matrix/outcomes.ts";
import type { Change, Drift } from "#reports/matrix/schema.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { anchorOf, link } from "#reports/page/link.ts";
import { badge, details, scrollable, section, type Tone } from "#reports/page/parts.ts";

const tones: Record<Change["kind"], Tone> = {
  broke: "bad",
  fixed: "good",
  outcome: "warn",
  message: "warn",
  fact: "muted",
};

/** More messages and facts than these are folded away. */
const shownAtOnce = 12;

/** How the tables of one drift are written. */
interface Columns {
  /** Names of the columns with what it was and what it is. */
  names: readonly [earlier: string, later: string];
  /** Where a requirement of the cell of that name is told. */
  linkTo: (cell: string, requirement: string) => string;
}

/** A drift as a section of the matrix page. */
export function renderDrift(drift: Drift, linkTo: Columns["linkTo"]): Html {
  const { between, changes } = drift;
  const nights = between === "nights";
  const id = nights ? "drift" : anchorOf(`drift ${between}`);
  const title = nights
    ? "Drift against the last green run"
    : `Drift between Docker ${between.replace(" ", " and ")}`;
  const [earlier = "", later = ""] = nights ? ["before", "now"] : between.split(" ");
  const columns: Columns = { names: [earlier, later], linkTo };
  const groups = groupChanges(changes);
  const isQuiet = ({ kind }: GroupedChange) => kind === "message" || kind === "fact";
  const loud = groups.filter((change) => !isQuiet(change));
  const quiet = groups.filter(isQuiet);
  const summary = `${quiet.length} changed messages and facts`;
  const folded =
    quiet.length > 0 &&
    details({ summary, open: quiet.length <= shownAtOnce }, renderTable(id, quiet, columns));
  return section(id, title, [html`<p>${leadOf(drift)}</p>`, renderTable(id, loud, columns), folded]);
}

function leadOf({ between, compared, changes }: Drift): string {
  if (compared.length === 0) return "There is nothing to compare with.";
  const nights = between === "nights";
  const times = [...new Set(compared.map(({ against }) => against))].sort();
  const from = nights && times[0] ? ` from ${times.map(formatTime).join(", ")} UTC` : "";
  const other = nights ? `the same ${from}` : "the same driver on the other engine";
  return `${plural(compared.length, "cell")} compared with ${other}: ${counted(changes)}.`;
}

function renderTable(id: string, changes: readonly GroupedChange[], columns: Columns): Html | undefined {
  if (changes.length === 0) return undefined;
  const [earlier, later] = columns.names;
  const rows = changes.map((change) => renderRow(change, columns));
  return scrollable(
    id,
    html`<table class="drift"><thead><tr><th scope="col">what</th><th scope="col">where</th><th scope="col">${earlier}</th><th scope="col">${later}</th></tr></thead><tbody>${lines(rows)}</tbody></table>`,
  );
}

function renderRow(change: GroupedChange, { names: [earlier, later], linkTo }: Columns): Html {
  const { kind, requirement, what, cells, before, after } = change;
  const since =
    change.since !== undefined && html`<br><span class="small">red since ${formatTime(change.since)}</span>`;
  const where = cells.map((cell, index) => [index > 0 && ", ", link(linkTo(cell, requirement), cell)]);
  const fact = what !== undefined && ` ${what}`;
  return html`<tr><td>${badge(tones[kind], kind)}${since}</td><td><b>${requirement}</b>${fact} on ${where}</td>${renderValue(earlier, before)}${renderValue(later, after)}</tr>`;
}

/** The name is shown beside the value where there is no room for columns. */
function renderValue(name: string, text: string): Html {
  return html`<td class="value" data-name="${name}">${text}</td>`;
}
