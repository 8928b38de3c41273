import type { Outcome } from "#harness/conformance/outcome.ts";
import type { CniRequirementId } from "#suites/requirements/cni.ts";
import { cniRequirements } from "#suites/requirements/cni.ts";
import type { TierResult } from "./run-tier.ts";

/** One plugin of one generation at one version of the specification. */
export interface TableColumn {
  /** What the user called the folder, e.g. `1.9.1`. */
  readonly generation: string;
  readonly plugin: string;
  /** Version of the specification, e.g. `1.1.0`. */
  readonly version: string;
  /** By rule; a rule that is not here does not apply to the plugin. */
  readonly rules: Readonly<Partial<Record<CniRequirementId, TableCell>>>;
}

export interface TableCell {
  readonly outcome: Outcome;
  /** First lines of what was wrong, one per test that did not pass. */
  readonly reasons: readonly string[];
  /** Shell lines that show it by hand. */
  readonly reproduce: readonly string[];
}

const severity: readonly Outcome[] = ["passed", "unsupported", "blocked", "not run", "error", "failed"];

/** Sums up the tests of one folder of plugins: the worst outcome of a rule's tests is the rule's. */
export function columnsOf(generation: string, results: readonly TierResult[]): TableColumn[] {
  const columns = new Map<string, { plugin: string; version: string; rules: Map<string, TierResult[]> }>();
  for (const result of results) {
    const key = `${result.driver}@${result.engine}`;
    const version = result.engine.replace(/^cni-/, "");
    const column = columns.get(key) ?? { plugin: result.driver, version, rules: new Map() };
    columns.set(key, column);
    column.rules.set(result.requirement, [...(column.rules.get(result.requirement) ?? []), result]);
  }
  return [...columns.values()].map(({ plugin, version, rules }) => ({
    generation,
    plugin,
    version,
    rules: Object.fromEntries([...rules].map(([id, tests]) => [id, cellOf(tests)])),
  }));
}

function cellOf(tests: readonly TierResult[]): TableCell {
  const outcome = tests
    .map((test) => test.outcome)
    .reduce((worst, one) => (severity.indexOf(one) > severity.indexOf(worst) ? one : worst), "passed");
  const worst = tests.filter((test) => test.outcome === outcome && outcome !== "passed");
  return {
    outcome,
    reasons: [...new Set(worst.map(({ reason = "" }) => reason.split("\n")[0] ?? ""))],
    reproduce: worst.flatMap(({ reproduce }) => (reproduce ? [reproduce] : [])),
  };
}

const symbols: Record<Outcome, string> = {
  passed: "✓",
  failed: "✗",
  unsupported: "·",
  blocked: "b",
  error: "e",
  "not run": "?",
};

/**
 * A table of rules × plugins for each generation and version, then every defect, with a line to repeat it unless
 * `short`: those lines name the folders of the machine that ran them.
 */
export function formatTable(columns: readonly TableColumn[], { short = false } = {}): string {
  const groups = Map.groupBy(columns, ({ generation, version }) => `plugins ${generation}, CNI ${version}`);
  const parts = [...groups].map(([title, group]) => `## ${title}\n\n${formatGroup(group, short)}`);
  return [
    "# CNI plugins and the rules of the specification",
    "",
    "✓ holds · ✗ does not (**✗**: a MUST) · b blocked, the machine lacks what the plugin needs · blank: does not apply.",
    "",
    ...parts.flatMap((part) => [part, ""]),
  ].join("\n");
}

function formatGroup(group: readonly TableColumn[], short: boolean): string {
  const ids = (Object.keys(cniRequirements) as CniRequirementId[]).filter((id) =>
    group.some(({ rules }) => rules[id] !== undefined),
  );
  const blocked = group.filter(isBlocked);
  const shown = group.filter((column) => !isBlocked(column));
  const header = ["rule", "level", "", ...shown.map(({ plugin }) => plugin)];
  const rows = ids.map((id) => {
    const { level, title } = cniRequirements[id];
    return [id, level, title, ...shown.map(({ rules }) => symbolOf(rules[id], level))];
  });
  const table = [header, header.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
  const unusable = blocked.map(({ plugin, rules }) => `- ${plugin}: ${reasonOf(rules)}`);
  const defects = shown.flatMap(({ plugin, rules }) =>
    ids.flatMap((id) => (rules[id]?.outcome === "failed" ? formatDefect(plugin, id, rules[id], short) : [])),
  );
  return [
    table,
    ...(unusable.length > 0 ? ["\nNot usable on this machine:\n", ...unusable] : []),
    ...(defects.length > 0 ? ["\n### What does not hold\n", ...defects] : []),
  ].join("\n");
}

function isBlocked({ rules }: TableColumn): boolean {
  return rules["CNI-4a"]?.outcome === "blocked";
}

function reasonOf(rules: TableColumn["rules"]): string {
  return rules["CNI-4a"]?.reasons[0] ?? "";
}

function symbolOf(cell: TableCell | undefined, level: string): string {
  if (!cell) return " ";
  return cell.outcome === "failed" && level === "MUST" ? "**✗**" : symbols[cell.outcome];
}

function formatDefect(
  plugin: string,
  id: CniRequirementId,
  { reasons, reproduce }: TableCell,
  short: boolean,
): string[] {
  const [line] = reproduce;
  return [
    `- **${plugin}**, ${id} (${cniRequirements[id].level}): ${reasons.join("; ")}`,
    ...(line && !short
      ? [`  <details><summary>by hand</summary>\n\n  \`\`\`sh\n  ${line}\n  \`\`\`\n\n  </details>`]
      : []),
  ];
}
