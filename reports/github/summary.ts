import { plural } from "#reports/conformance/console.ts";
import type { Statement, Tally, TargetStatement } from "#reports/conformance/schema.ts";
import { isGreen } from "#reports/conformance/statement.ts";
import { tallyOf } from "#reports/conformance/verdict.ts";
import { cellText, fence, htmlText } from "#reports/markdown.ts";
import type { ToldCause } from "./causes.ts";

const shownCauses = 10;
const shownLines = 8;

const outcomes: readonly (keyof Tally)[] = ["passed", "failed", "error", "blocked", "unsupported", "notRun"];

/** A run on one screen, as Markdown: the verdict, each target with its outcomes, each cause with the line that repeats it. */
export function formatJobSummary(statement: Statement, causes: readonly ToldCause[]): string {
  const { run, summary, targets } = statement;
  const ran = targets.filter(({ results }) => results.some(({ outcome }) => outcome !== "not run"));
  const { passed, failed, error } = summary;
  const sections = [
    `## ${isGreen(statement) ? "✔" : "✘"} netconform: ${passed} passed, ${failed} failed, ${error} error`,
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
    const red = profiles.filter(({ verdict }) => verdict === "not conformant").map(({ profile }) => profile);
    const conformant = profiles.filter(({ verdict }) => verdict === "conformant").length;
    const verdict =
      red.length > 0 ? `not conformant: ${red.join(", ")}` : plural(conformant, "conformant profile");
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
