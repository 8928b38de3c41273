import type { Outcome } from "#harness/conformance/outcome.ts";
import { markdownTable } from "#harness/core/text/markdown.ts";
import { essenceOf } from "#harness/tools/matrix/view.ts";
import { cellText } from "#reports/markdown.ts";
import { formatTime, requirementsOf } from "#reports/matrix/outcomes.ts";
import type { Cell, Matrix } from "#reports/matrix/schema.ts";

const symbols: Record<Outcome, string> = {
  passed: "✓",
  failed: "✗",
  blocked: "b",
  error: "e",
  "engine at fault": "E",
  unsupported: "",
  "not run": "",
};

/**
 * Requirement × driver × engine as Markdown, and below it what is red and what could not be judged, each in the words of the run.
 * `command` is the one that makes it again.
 */
export function driversTable({ cells, run, environment, known = [] }: Matrix, command: string): string {
  const judged = cells.filter(({ target }) => target !== undefined);
  const rows = requirementsOf(judged).map(({ id, title, level }) => [
    id,
    level,
    title,
    ...judged.map((cell) => symbolOf(cell, id, level)),
  ]);
  const seen = rows.filter((row) => row.slice(3).some((symbol) => symbol !== ""));
  const upstreamOf = (cell: string, requirement: string) =>
    known.find((red) => red.cell === cell && red.requirement === requirement)?.upstream;
  return [
    `Made by \`${command}\`; ${formatTime(run.startedAt).slice(0, 10)}, Linux ${environment.host.kernel}.`,
    [
      "✓ holds · ✗ does not (**✗**: a MUST) · b blocked, the machine lacks what it needs",
      ...(seen.some((row) => row.slice(3).includes(symbols["engine at fault"]))
        ? ["E the engine's fault, not the driver's"]
        : []),
      "blank: does not apply.",
    ].join(" · "),
    markdownTable(["rule", "level", "", ...judged.map(({ name }) => name)], seen),
    ...section(
      "What does not hold",
      told(judged, "failed", (cell, id) => upstreamOf(cell, id)),
    ),
    ...section("What is the engine's fault", told(judged, "engine at fault")),
    ...section("What could not be judged", told(judged, "blocked")),
  ].join("\n\n");
}

function symbolOf({ target }: Cell, id: string, level: string): string {
  const outcome = target?.results.find(({ requirement }) => requirement === id)?.outcome ?? "not run";
  return outcome === "failed" && level === "MUST" ? `**${symbols.failed}**` : symbols[outcome];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}`, lines.join("\n")];
}

/** What has that outcome, once for all cells and rules that have the same reason. */
function told(
  cells: readonly Cell[],
  wanted: Outcome,
  upstreamOf: (cell: string, id: string) => string | undefined = () => undefined,
): string[] {
  const found = cells.flatMap(({ name, target }) =>
    (target?.results ?? []).flatMap(({ requirement, outcome, reason = "" }) =>
      outcome === wanted
        ? [{ requirement, name, reason: essenceOf(reason), upstream: upstreamOf(name, requirement) }]
        : [],
    ),
  );
  return [...Map.groupBy(found, ({ reason }) => reason)].map(([reason, group]) => {
    const each = <Key extends "requirement" | "name" | "upstream">(key: Key) => [
      ...new Set(group.flatMap((one) => one[key] ?? [])),
    ];
    const upstream = each("upstream");
    const where = each("name").join(", ");
    const links = upstream.length === 0 ? "" : ` (${upstream.map((url) => `<${url}>`).join(", ")})`;
    return `- **${each("requirement").join(" ")}**, ${where}: ${cellText(reason)}${links}`;
  });
}
