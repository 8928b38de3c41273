import { firstLineOf } from "#harness/core/text/lines.ts";
import { formatCostOf } from "#reports/conformance/cost/words.ts";
import { causesOf } from "#reports/conformance/outcome/causes.ts";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import { cellText, fence, htmlText } from "#reports/markdown.ts";
import { counted, groupChanges } from "./changes.ts";
import { formatCounts, type MatrixCounts, outcomeSigns, requirementsOf } from "./outcomes.ts";
import type { Cell, Drift, Matrix } from "./schema.ts";
import { breakagesOf } from "./since.ts";

/** GitHub refuses a comment of more than 65 536 characters. */
const longest = 60_000;
const shownChanges = 40;

/** The matrix as Markdown for a pull request comment or a job's summary: the verdict first, then what is red, what drifted, the table. */
export function formatMarkdown(matrix: Matrix, counts: MatrixCounts): string {
  const { cells, speed, summary } = matrix;
  const sections = [
    `## ${counts.failed === 0 ? "✔" : "✘"} Conformance matrix: ${formatCounts(counts)}`,
    `${plural(cells.length, "cell")} on ${plural(speed.engines, "engine version")} in ${formatDuration(speed.wallMs)}; ${atFault(summary)}${summary.blocked} blocked, ${summary.unsupported} unsupported, ${summary.notRun} not run.`,
    formatRed(matrix),
    formatEnginesAtFault(matrix),
    formatKnown(matrix.known),
    ...matrix.drift.map(formatDrift),
    formatSince(cells),
    formatTable(cells),
    formatCost(matrix),
  ];
  const text = `${sections.filter(Boolean).join("\n\n")}\n`;
  if (text.length <= longest) return text;
  return `${text.slice(0, text.lastIndexOf("\n", longest))}\n\n… cut: the whole is in matrix.html.\n`;
}

function formatRed({ cells, known = [] }: Pick<Matrix, "cells" | "known">): string {
  const broken = cells
    .filter(({ state }) => state !== "complete")
    .map(
      ({ name, state, because }) =>
        `- **${cellText(name)}** is ${state}: ${cellText(firstLineOf(because ?? ""))}`,
    );
  const red = cells.flatMap(({ name, target }) =>
    (target?.results ?? [])
      .filter(({ outcome }) => outcome === "failed" || outcome === "error")
      .filter(({ requirement }) => !known.some((one) => one.cell === name && one.requirement === requirement))
      .map(
        ({ requirement, outcome, title, reason = "" }) =>
          `<details><summary><b>${requirement}</b> ${outcome} on <b>${htmlText(name)}</b>: ${htmlText(title)}</summary>\n\n${fence(reason)}\n\n</details>`,
      ),
  );
  if (broken.length + red.length === 0) return "";
  return ["### Red", ...(broken.length > 0 ? [broken.join("\n")] : []), ...red].join("\n\n");
}

/** `2 engine at fault, `, where there are such. */
function atFault({ engineAtFault = 0 }: Matrix["summary"]): string {
  return engineAtFault === 0 ? "" : `${engineAtFault} engine at fault, `;
}

function formatEnginesAtFault({ cells }: Pick<Matrix, "cells">): string {
  const lines = cells.flatMap(({ name, target }) =>
    causesOf(target ?? { results: [] })
      .filter(({ outcome }) => outcome === "engine at fault")
      .map(
        ({ requirements, what }) => `- **${requirements.join(" ")}** on ${cellText(name)}: ${cellText(what)}`,
      ),
  );
  return lines.length === 0 ? "" : ["### Engines at fault, not the plugin", lines.join("\n")].join("\n\n");
}

function formatKnown(known: Matrix["known"] = []): string {
  const gone = known.filter(({ state }) => state === "gone");
  const seen = Map.groupBy(
    known.filter(({ state }) => state === "seen"),
    ({ requirement, says, upstream }) => `${requirement}: ${cellText(says)} (${upstream})`,
  );
  const blocks = [
    gone.length === 0
      ? []
      : [
          "### Known to fail, and passed",
          gone
            .map(({ cell, requirement }) => `- ${requirement} on ${cellText(cell)}: take it off the list`)
            .join("\n"),
        ],
    seen.size === 0
      ? []
      : [
          "### Failed as is known",
          [...seen]
            .map(([what, on]) => `- ${what}: ${cellText(on.map(({ cell }) => cell).join(", "))}`)
            .join("\n"),
        ],
  ];
  return blocks.flat().join("\n\n");
}

function formatDrift({ between, compared, changes }: Drift): string {
  const [from, to] = between.split(" ");
  if (compared.length === 0) {
    return between === "nights" ? "### Drift\n\nThere is no earlier run to compare with." : "";
  }
  const head =
    between === "nights" ? "### Drift against the last green run" : `### Drift from Docker ${from} to ${to}`;
  if (changes.length === 0) return `${head}\n\nNothing changed in ${plural(compared.length, "cell")}.`;
  const groups = groupChanges(changes);
  const rows = groups.slice(0, shownChanges).map((change) => {
    const { kind, cells, requirement, what: fact, before, after, since } = change;
    const told = since ? `${kind} (red since ${since})` : kind;
    return `| ${told} | ${cellText(cells.join(", "))} | ${requirement}${fact ? ` ${cellText(fact)}` : ""} | ${cellText(before)} | ${cellText(after)} |`;
  });
  const more = groups.length > shownChanges ? `\n\n… and ${groups.length - shownChanges} more.` : "";
  return `${head}\n\n${counted(changes)}\n\n| what | cells | requirement | before | now |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}${more}`;
}

function formatSince(cells: readonly Cell[]): string {
  const found = breakagesOf(cells);
  if (found.length === 0) return "";
  const rows = found.map(({ driver, variant, requirement, title, since, holds }) => {
    const where = cellText([driver, variant].filter(Boolean).join(" "));
    return `| ${requirement} ${cellText(title)} | ${where} | ${cellText(since)} | ${cellText(holds ?? "never")} |`;
  });
  const head = "| requirement | driver | breaks since | held until |\n| --- | --- | --- | --- |";
  return `### Since which engine version\n\n${head}\n${rows.join("\n")}`;
}

function formatTable(cells: readonly Cell[]): string {
  const shown = cells.filter(({ target }) => target !== undefined);
  if (shown.length === 0) return "";
  const rows = requirementsOf(shown).map(({ id, title }) => {
    const signs = shown.map(({ target }) => {
      const result = target?.results.find(({ requirement }) => requirement === id);
      return result ? outcomeSigns[result.outcome].sign : "";
    });
    return `| ${id} ${cellText(title)} | ${signs.join(" | ")} |`;
  });
  const head = `| requirement | ${shown.map(({ name }) => cellText(name)).join(" | ")} |`;
  const line = `| --- |${" :-: |".repeat(shown.length)}`;
  const key = Object.entries(outcomeSigns)
    .map(([outcome, { sign }]) => `${sign} ${outcome}`)
    .join(", ");
  return `<details><summary>Every requirement (${key})</summary>\n\n${[head, line, ...rows].join("\n")}\n\n</details>`;
}

function formatCost({ cells, speed }: Matrix): string {
  const rows = cells.map(({ name, state, durationMs, startedAfterMs, target }) => {
    const { processor, memory } = formatCostOf(target);
    return `| ${cellText(name)} | ${state} | ${formatDuration(durationMs)} | ${formatDuration(startedAfterMs)} | ${processor} | ${memory} |`;
  });
  return [
    "<details><summary>What each cell cost</summary>",
    "",
    "| cell | state | took | began after | processors | peak memory |",
    "| --- | --- | --: | --: | --: | --: |",
    ...rows,
    "",
    `${formatSpeed(speed)}.`,
    "",
    "</details>",
  ].join("\n");
}

/** `4 m 00 s for 3 engine versions on 2 clusters: 0.95 × (longest 2 m 50 s × 3 / 2)` */
export function formatSpeed({ wallMs, clusters, engines, longestRunMs, ratio }: Matrix["speed"]): string {
  return `${formatDuration(wallMs)} for ${plural(engines, "engine version")} on ${plural(clusters, "cluster")} at a time: ${ratio.toFixed(2)} × (longest run of one version, ${formatDuration(longestRunMs)}, × ${engines} / ${clusters})`;
}
