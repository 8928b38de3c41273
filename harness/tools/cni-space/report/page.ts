import { markdownTable } from "#harness/core/text/markdown.ts";
import { addressOfBug, seenBugs } from "#harness/tools/cni-space/bugs.ts";
import { describeChoices, type Untried } from "#harness/tools/cni-space/configuration.ts";
import {
  compareFindings,
  findingsOf,
  type SpaceFinding,
  type SpaceRun,
} from "#harness/tools/cni-space/findings.ts";
import { spaces } from "#harness/tools/cni-space/spaces.ts";
import { levelOf, type RowId, rowIds, titleOf, type Verdict } from "#harness/tools/cni-space/walk/rows.ts";
import type { Walked } from "#harness/tools/cni-space/walk/walk.ts";

/** Where a page comes from. */
export interface PageOrigin {
  /** Command that makes it again. */
  readonly command: string;
  readonly facts: readonly string[];
  /** What each generation is, as it reads after its name. */
  readonly generations: Readonly<Record<string, string>>;
}

/** One generation with what of its space was not tried. */
export interface SpaceReport extends SpaceRun {
  readonly untried: readonly Untried[];
}

/** Markdown without a title. */
export function formatPage(reports: readonly SpaceReport[], origin: PageOrigin): string {
  return [
    `Made by \`${origin.command}\`; ${origin.facts.join(", ")}.`,
    Object.entries(origin.generations)
      .map(([name, what]) => `- ${name}: ${what}`)
      .join("\n"),
    formatCounts(reports),
    "## Known bugs that it shows",
    formatBugs(reports),
    "## What is red",
    ...formatFindings(reports),
    "## What was not tried",
    ...reports.flatMap(({ generation, untried }) => [
      `### Plugins ${generation}, not tried`,
      formatUntried(untried),
    ]),
    "## The configurations",
    "✓ holds · ✗ does not (**✗**: a MUST) · ? not run · blank: does not apply.",
    ...reports.flatMap((report) => formatTables(report)),
  ].join("\n\n");
}

function formatCounts(reports: readonly SpaceReport[]): string {
  const rows = reports.flatMap(({ generation, walked }) =>
    [...Map.groupBy(walked, ({ plugin }) => plugin)].map(([plugin, all]) => {
      const verdicts = all.flatMap((one) => Object.values(one.verdicts));
      const count = (outcome: Verdict["outcome"]) =>
        String(verdicts.filter((verdict) => verdict.outcome === outcome).length);
      const clean = all.filter((one) =>
        Object.values(one.verdicts).every(({ outcome }) => outcome === "passed"),
      );
      return [
        ...[generation, plugin, String(all.length), String(clean.length)],
        ...[count("passed"), count("failed"), count("not run")],
      ];
    }),
  );
  const heads = ["plugins", "plugin", "configurations", "without a red", "rules that hold", "red", "not run"];
  return markdownTable(heads, rows);
}

function formatBugs(reports: readonly SpaceReport[]): string {
  const rows = seenBugs(reports).map(({ bug, seen }) => [
    `[${bug.id}](${addressOfBug(bug)})`,
    bug.what,
    describeValues(bug.values) || "each",
    bug.row,
    seen
      .map(({ generation, configurations: [first = "", ...others] }) =>
        others.length === 0 ? `${generation}: ${first}` : `${generation}: ${first} and ${others.length} more`,
      )
      .join("; "),
    bug.correctedIn ?? "–",
  ]);
  return markdownTable(["bug", "what", "shows with", "rule", "seen in", "corrected in"], rows);
}

function describeValues(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([option, value]) => `${option}: ${value}`)
    .join(", ");
}

function formatFindings(reports: readonly SpaceReport[]): string[] {
  const findings = reports.flatMap(findingsOf).sort(compareFindings);
  return [...Map.groupBy(findings, ({ rule }) => rule)].map(([rule, group]) => {
    const level = levelOf(rule);
    const alike = [...Map.groupBy(group, ({ plugin, reason }) => `${plugin} ${reason}`).values()];
    const lines = alike.map(formatFinding);
    return [`**${rule}**${level ? `, ${level}` : ""}: ${titleOf(rule)}`, "", ...lines].join("\n");
  });
}

function formatFinding(alike: readonly SpaceFinding[]): string {
  const [{ reason = "" } = {}] = alike;
  const where = alike.map(({ generation, plugin, configurations, values }) => {
    const [first = "", ...others] = configurations;
    const how = values ? `, all that have ${describeValues(values)}` : "";
    const more = others.length > 0 ? ` and ${others.length} more` : "";
    return `${plugin} ${generation} (${first}${more}${how})`;
  });
  return `- ${where.join(", ")}: ${escaped(reason)}`;
}

function formatUntried(untried: readonly Untried[]): string {
  const lines = [...Map.groupBy(untried, ({ plugin, why }) => `${plugin}: ${why}`)].map(([what, group]) => {
    const values = group.flatMap(({ option, value }) => (option === "" ? [] : `${option}: ${value}`));
    const [{ plugin = "", why = "" } = {}] = group;
    return values.length === 0 ? `- ${what}` : `- ${plugin}, ${values.join(", ")}: ${why}`;
  });
  return lines.length > 0 ? lines.join("\n") : "Everything was tried.";
}

function formatTables({ generation, walked }: SpaceReport): string[] {
  return [...Map.groupBy(walked, ({ plugin }) => plugin)].flatMap(([plugin, all]) => [
    `### ${plugin} ${generation}`,
    formatTable(plugin, all),
  ]);
}

function formatTable(plugin: string, all: readonly Walked[]): string {
  const space = spaces.find((one) => one.plugin === plugin);
  const rules = rowIds.filter((id) => all.some(({ verdicts }) => verdicts[id] !== undefined));
  const rows = all.map(({ name, choices, verdicts }) => [
    name,
    space ? describeChoices(space, choices) : "",
    ...rules.map((rule) => symbolOf(rule, verdicts[rule])),
  ]);
  return markdownTable(["", "values", ...rules.map((rule) => rule.replace("CNI-", ""))], rows);
}

function symbolOf(rule: RowId, verdict: Verdict | undefined): string {
  if (!verdict) return "";
  if (verdict.outcome === "passed") return "✓";
  if (verdict.outcome === "not run") return "?";
  return levelOf(rule) === "MUST" ? "**✗**" : "✗";
}

/** Text of a plugin, which may have what Markdown takes for its own. */
function escaped(text: string): string {
  return text.replaceAll(/([<>*_`[\]\\|])/g, "\\$1");
}
