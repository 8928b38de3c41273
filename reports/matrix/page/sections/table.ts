import { firstLineOf } from "#harness/core/text/lines.ts";
import type { ProfileVerdict } from "#reports/conformance/schema.ts";
import { outcomeSigns, requirementsOf } from "#reports/matrix/outcomes.ts";
import { linkTo } from "#reports/matrix/page/cell-link.ts";
import type { Cell, Matrix } from "#reports/matrix/schema.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { link } from "#reports/page/link.ts";
import { badge, scrollable, section, type Tone } from "#reports/page/parts.ts";

const verdictTones: Record<ProfileVerdict, { sign: string; short: string; tone: Tone }> = {
  conformant: { sign: "●", short: "conformant", tone: "good" },
  partial: { sign: "◐", short: "partial", tone: "good" },
  "not conformant": { sign: "✘", short: "not conf.", tone: "bad" },
  incomplete: { sign: "○", short: "incomplete", tone: "warn" },
  "not applicable": { sign: "–", short: "n/a", tone: "muted" },
  "not run": { sign: "·", short: "not run", tone: "muted" },
};

type Requirement = ReturnType<typeof requirementsOf>[number];

/** A cell as a column of the table. */
interface Column {
  cell: Cell;
  /** Whether it is the first one of its driver. */
  first: boolean;
}

/** Kinds of change since the last green run, by cell and requirement. */
type Changes = ReadonlyMap<string, string>;

/** Requirement × driver × engine as a section of the matrix page. */
export function renderTable({ cells, drift }: Matrix): Html {
  const columns = cells.map((cell): Column => {
    return { cell, first: cells.find(({ driver }) => driver === cell.driver) === cell };
  });
  const changes = changesOf(drift);
  const requirements = requirementsOf(cells);
  const profiles = [...new Set(requirements.map(({ profile }) => profile))];
  const rows = profiles.flatMap((profile) => [
    renderProfileRow(profile, columns),
    ...requirements
      .filter((requirement) => requirement.profile === profile)
      .map((requirement) => renderRow(requirement, columns, changes)),
  ]);
  const table = html`<table class="matrix">
<thead>${renderHead(columns)}</thead>
<tbody>${lines(rows)}</tbody></table>`;
  return section(
    "matrix",
    "Matrix",
    html`
${renderKey()}
<label class="only"><input type="checkbox" id="only"> only rows with something red, blocked, broken or changed</label>
${scrollable("matrix", table)}`,
  );
}

function changesOf(drift: Matrix["drift"]): Changes {
  const changes = drift.filter(({ between }) => between === "nights").flatMap((entry) => entry.changes);
  return new Map(changes.map(({ cell, requirement, kind }) => [`${cell} ${requirement}`, kind]));
}

function renderKey(): Html {
  const key = Object.entries(outcomeSigns).map(
    ([outcome, { sign, tone }]) => html`<li>${badge(tone, sign)} ${outcome}</li>`,
  );
  return html`<ul class="key small">${key}<li class="narrow">profiles: ● conformant, ◐ partial, ○ incomplete</li><li>a corner: changed since the last green run</li></ul>`;
}

function renderHead(columns: readonly Column[]): Html {
  const drivers = [...new Set(columns.map(({ cell }) => cell.driver))];
  const groups = drivers.map((driver) => {
    const span = columns.filter(({ cell }) => cell.driver === driver).length;
    return html`<th class="driver" scope="colgroup" colspan="${span}">${driver}</th>`;
  });
  const engines = columns.map(({ cell, first }) => {
    const firewall = cell.firewall !== "nft" && html`<br><span class="small">${cell.firewall}</span>`;
    const title = link(linkTo(cell), [cell.engine, firewall]);
    return html`<th scope="col" class="${first && "first"}">${title}</th>`;
  });
  return html`<tr><td class="corner" rowspan="2"></td>${groups}</tr><tr>${engines}</tr>`;
}

function renderProfileRow(profile: string, columns: readonly Column[]): Html {
  const verdicts = columns.map(({ cell, first }) => {
    const found = cell.target?.profiles.find((entry) => entry.profile === profile);
    const place = first && " first";
    if (!found) return html`<td class="verdict-cell${place}"></td>`;
    const { sign, short, tone } = verdictTones[found.verdict];
    const title = [found.verdict, found.because].filter(Boolean).join(": ");
    return html`<td class="verdict-cell ${tone}${place}" title="${title}"><span class="narrow" aria-hidden="true">${sign}</span><span class="wide">${short}</span></td>`;
  });
  return html`<tr class="profile"><th scope="row">${profile}</th>${verdicts}</tr>`;
}

function renderRow({ id, title, level }: Requirement, columns: readonly Column[], changes: Changes): Html {
  const results = columns.map((column) => {
    return { column, ...resultOf(column.cell, id, changes.get(`${column.cell.name} ${id}`)) };
  });
  const calm = results.every((result) => result.calm);
  const outcomes = results.map(({ column: { first }, classes, content }) => {
    return html`<td class="${[...classes, ...(first ? ["first"] : [])].join(" ")}">${content}</td>`;
  });
  const lower = level !== "MUST" && html` <span class="quiet small">${level}</span>`;
  return html`<tr${calm && html` class="calm"`}><th scope="row"><b>${id}</b> ${title}${lower}</th>${outcomes}</tr>`;
}

/** How a requirement of a cell is shown; it is calm when nobody needs to look at it. */
function resultOf(
  cell: Cell,
  requirement: string,
  change: string | undefined,
): { content: Html | undefined; classes: string[]; calm: boolean } {
  const result = cell.target?.results.find((entry) => entry.requirement === requirement);
  if (!result) return { content: undefined, classes: ["muted"], calm: cell.state === "complete" };
  const { outcome, reason = "" } = result;
  const { sign, tone } = outcomeSigns[outcome];
  const told = [`${requirement} on ${cell.name}: ${outcome}`, firstLineOf(reason), change ?? ""];
  return {
    content: link(linkTo(cell, requirement), html`${sign}<span class="hidden"> ${outcome}</span>`, {
      title: told.filter(Boolean).join("\n"),
    }),
    classes: [tone, ...(change === undefined ? [] : ["changed"])],
    calm: change === undefined && (outcome === "passed" || outcome === "unsupported"),
  };
}
