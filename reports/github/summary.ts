import { tallyOf } from "#reports/conformance/outcome/verdict.ts";
import type { Statement, Tally, TargetStatement } from "#reports/conformance/schema.ts";
import { isGreen } from "#reports/conformance/statement.ts";
import { plural } from "#reports/conformance/words.ts";
import { cellText, fence, htmlText } from "#reports/markdown.ts";
import type { ToldCause } from "./causes.ts";

const shownCauses = 10;
const shownLines = 8;

/** The others say that nothing was shown. */
const verdictsWorstFirst = ["not conformant", "incomplete", "conformant", "partial"] as const;

const outcomes: readonly (keyof Tally)[] = ["passed", "failed", "error", "blocked", "unsupported", "notRun"];

/** A run on one screen, as Markdown: the verdict, each target with its outcomes, each cause with the line that repeats it. */
export function formatJobSummary(statement: Statement, causes: readonly ToldCause[]): string {
  const { run, summary, targets, errors } = statement;
  const ran = targets.filter(({ results }) => results.some(({ outcome }) => outcome !== "not run"));
  const { passed, failed, error } = summary;
  const faults = errors.length === 0 ? "" : `, ${plural(errors.length, "fault")} of the suite itself`;
  const sections = [
    `## ${isGreen(statement) ? "✔" : "✘"} netconform: ${passed} passed, ${failed} failed, ${error} error${faults}`,
    run.complete ? "" : `**The run is incomplete:** ${cellText(run.incompleteBecause ?? "")}`,
    formatTargets(ran),
    formatCauses(causes),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

function formatTargets(targets: readonly TargetStatement[]): string {
  if (targets.length === 0) return "";
  const rows = targets.map(({ name, results, profiles }) => {
    const tally = tallyOf(results.map(({ outcome }) => outcome));
    const verdict = verdictsWorstFirst
      .flatMap((wanted) => {
        const named = profiles.filter((entry) => entry.verdict === wanted).map(({ profile }) => profile);
        return named.length > 0 ? [`${wanted}: ${named.join(", ")}`] : [];
      })
      .join("; ");
    return `| ${cellText(name)} | ${outcomes.map((outcome) => tally[outcome] || "").join(" | ")} | ${verdict} |`;
  });
  const head = [
    "target",
    ...outcomes.map((outcome) => (outcome === "notRun" ? "not run" : outcome)),
    "verdict",
  ];
  return [`| ${head.join(" | ")} |`, `| --- |${" --: |".repeat(outcomes.length)} --- |`, ...rows].join("\n");
}

function formatCauses(causes: readonly ToldCause[]): string {
  if (causes.length === 0) return "";
  const shown = causes.slice(0, shownCauses).map(({ outcome, title, reason, repeat }) => {
    const head = `<details><summary>${outcome === "failed" ? "✘" : "!"} <b>${htmlText(title)}</b></summary>`;
    const body = [fence(reason, shownLines), ...(repeat === undefined ? [] : ["again:", fence(repeat)])];
    return `${head}\n\n${body.join("\n\n")}\n\n</details>`;
  });
  const more = causes.length - shownCauses;
  return ["### What failed", ...shown, ...(more > 0 ? [`… and ${more} more in the reports.`] : [])].join(
    "\n\n",
  );
}
