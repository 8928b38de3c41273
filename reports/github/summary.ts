import { signs } from "#reports/conformance/console/look.ts";
import { isGreen } from "#reports/conformance/outcome/green.ts";
import { tallyOf } from "#reports/conformance/outcome/verdict.ts";
import type { Statement, Tally, TargetStatement } from "#reports/conformance/schema.ts";
import { plural } from "#reports/conformance/words.ts";
import { cellText, fence, htmlText } from "#reports/markdown.ts";
import type { ToldCause } from "./causes.ts";

const shownCauses = 10;
const shownLines = 8;

/** The others say that nothing was shown. */
const verdictsWorstFirst = ["not conformant", "incomplete", "conformant", "partial"] as const;

/** Columns of the table of targets, with their heads. */
const columns = {
  passed: "passed",
  failed: "failed",
  error: "error",
  engineAtFault: "engine at fault",
  blocked: "blocked",
  unsupported: "unsupported",
  notRun: "not run",
} as const satisfies Record<keyof Tally, string>;

/** A run on one screen, as Markdown: the verdict, each target with its outcomes, each cause with the line that repeats it. */
export function formatJobSummary(statement: Statement, causes: readonly ToldCause[]): string {
  const { run, summary, targets, errors } = statement;
  const ran = targets.filter(({ results }) => results.some(({ outcome }) => outcome !== "not run"));
  const { passed, failed, error, engineAtFault = 0 } = summary;
  const engines = engineAtFault === 0 ? "" : `, ${engineAtFault} engine at fault`;
  const faults = errors.length === 0 ? "" : `, ${plural(errors.length, "fault")} of the suite itself`;
  const sections = [
    `## ${isGreen(statement) ? "✔" : "✘"} netconform: ${passed} passed, ${failed} failed, ${error} error${engines}${faults}`,
    run.complete ? "" : `**The run is incomplete:** ${cellText(run.incompleteBecause ?? "")}`,
    formatTargets(ran),
    formatCauses(
      "What failed",
      causes.filter(({ outcome }) => outcome !== "engine at fault"),
    ),
    formatCauses(
      "Engines at fault: the plugin is not charged",
      causes.filter(({ outcome }) => outcome === "engine at fault"),
    ),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

function formatTargets(targets: readonly TargetStatement[]): string {
  if (targets.length === 0) return "";
  const tallies = targets.map(({ results }) => tallyOf(results));
  // A rare column is one where there is something to see.
  const shown = (Object.keys(columns) as (keyof Tally)[]).filter(
    (key) => key !== "engineAtFault" || tallies.some(({ engineAtFault }) => engineAtFault),
  );
  const rows = targets.map(({ name, profiles }, index) => {
    const tally: Partial<Tally> = tallies[index] ?? {};
    const verdict = verdictsWorstFirst
      .flatMap((wanted) => {
        const named = profiles.filter((entry) => entry.verdict === wanted).map(({ profile }) => profile);
        return named.length > 0 ? [`${wanted}: ${named.join(", ")}`] : [];
      })
      .join("; ");
    return `| ${cellText(name)} | ${shown.map((key) => tally[key] || "").join(" | ")} | ${verdict} |`;
  });
  const head = ["target", ...shown.map((key) => columns[key]), "verdict"];
  return [`| ${head.join(" | ")} |`, `| --- |${" --: |".repeat(shown.length)} --- |`, ...rows].join("\n");
}

function formatCauses(title: string, causes: readonly ToldCause[]): string {
  if (causes.length === 0) return "";
  const shown = causes.slice(0, shownCauses).map(({ outcome, title, reason, repeat }) => {
    const head = `<details><summary>${signs[outcome].symbol} <b>${htmlText(title)}</b></summary>`;
    const body = [fence(reason, shownLines), ...(repeat === undefined ? [] : ["again:", fence(repeat)])];
    return `${head}\n\n${body.join("\n\n")}\n\n</details>`;
  });
  const more = causes.length - shownCauses;
  return [`### ${title}`, ...shown, ...(more > 0 ? [`… and ${more} more in the reports.`] : [])].join("\n\n");
}
