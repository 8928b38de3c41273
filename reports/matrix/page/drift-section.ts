import { plural } from "#reports/conformance/console.ts";
import { counted, type GroupedChange, groupChanges } from "#reports/matrix/changes.ts";
import { formatTime } from "#reports/matrix/outcomes.ts";
import type { Change, Drift } from "#reports/matrix/schema.ts";
import { anchorOf, badge, escapeHtml, type Tone } from "#reports/page/page.ts";

const kinds: Record<Change["kind"], { text: string; tone: Tone }> = {
  broke: { text: "broke", tone: "bad" },
  fixed: { text: "fixed", tone: "good" },
  outcome: { text: "outcome", tone: "warn" },
  message: { text: "message", tone: "warn" },
  fact: { text: "fact", tone: "muted" },
};

/** More messages and facts than these are folded away. */
const shownAtOnce = 12;

/** A drift as a section of the matrix page. `linkTo` gives the place of a requirement of the cell of that name. */
export function renderDrift(
  { between, compared, changes }: Drift,
  linkTo: (cell: string, requirement: string) => string,
): string {
  const nights = between === "nights";
  const id = nights ? "drift" : anchorOf(`drift ${between}`);
  const title = nights
    ? "Drift against the last green run"
    : `Drift between Docker ${between.replace(" ", " and ")}`;
  const times = [...new Set(compared.map(({ against }) => against))].sort();
  const from = nights && times[0] ? ` from ${times.map(formatTime).join(", ")} UTC` : "";
  const lead =
    compared.length === 0
      ? "There is nothing to compare with."
      : `${plural(compared.length, "cell")} compared with ${nights ? `the same ${from}` : "the same driver on the other engine"}: ${counted(changes)}.`;
  const [earlier = "", later = ""] = nights ? ["before", "now"] : between.split(" ");
  const row = (change: GroupedChange) => {
    const { text, tone } = kinds[change.kind];
    const since = change.since ? `<br><span class="small">red since ${formatTime(change.since)}</span>` : "";
    const what = change.what === undefined ? "" : ` ${escapeHtml(change.what)}`;
    const cells = change.cells.map(
      (cell) => `<a href="${linkTo(cell, change.requirement)}">${escapeHtml(cell)}</a>`,
    );
    return `<tr><td>${badge(tone, text)}${since}</td><td><b>${escapeHtml(change.requirement)}</b>${what} on ${cells.join(", ")}</td>${value(earlier, change.before)}${value(later, change.after)}</tr>`;
  };
  const groups = groupChanges(changes);
  const known = ({ kind }: GroupedChange) => kind === "message" || kind === "fact";
  const table = (rows: readonly GroupedChange[]) =>
    rows.length === 0
      ? ""
      : `<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0"><table class="drift"><thead><tr><th scope="col">what</th><th scope="col">where</th><th scope="col">${escapeHtml(earlier)}</th><th scope="col">${escapeHtml(later)}</th></tr></thead><tbody>${rows.map(row).join("\n")}</tbody></table></div>`;
  const quiet = groups.filter(known);
  const open = quiet.length <= shownAtOnce ? " open" : "";
  const less =
    quiet.length === 0
      ? ""
      : `<details${open}><summary>${quiet.length} changed messages and facts</summary>${table(quiet)}</details>`;
  const loud = groups.filter((change) => !known(change));
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2><p>${escapeHtml(lead)}</p>${table(loud)}${less}</section>`;
}

/** The name is shown beside the value where there is no room for columns. */
function value(name: string, text: string): string {
  return `<td class="value" data-name="${escapeHtml(name)}">${escapeHtml(text)}</td>`;
}
