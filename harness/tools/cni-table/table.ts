import { leftByFirst } from "#harness/cni/testbed/testbed.ts";
import type { SuiteResult } from "#harness/conformance/cni-run/run-suite.ts";
import type { Outcome } from "#harness/conformance/outcome.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { readMarked } from "#harness/observe/second-look/mark.ts";
import type { CniRequirementId } from "#suites/requirements/rules/cni.ts";
import { cniRequirements } from "#suites/requirements/rules/cni.ts";
import type { TableCell, TableColumn } from "./column.ts";
import { findingsOf, formatFindings, withoutMachine } from "./findings.ts";

const severity: readonly Outcome[] = [
  "passed",
  "unsupported",
  "blocked",
  "not run",
  "engine at fault",
  "error",
  "failed",
];

/** Sums up the tests of one folder of plugins: the worst outcome of a rule's tests is the rule's. */
export function columnsOf(
  { generation, folder }: Pick<TableColumn, "generation" | "folder">,
  results: readonly SuiteResult[],
): TableColumn[] {
  interface Gathered {
    readonly plugin: string;
    readonly version: string;
    left?: string;
    readonly rules: Map<string, SuiteResult[]>;
  }
  const columns = new Map<string, Gathered>();
  for (const result of results) {
    const key = `${result.driver}@${result.engine}`;
    const version = result.engine.replace(/^cni-/, "");
    const column: Gathered = columns.get(key) ?? { plugin: result.driver, version, rules: new Map() };
    columns.set(key, column);
    const left = result.facts?.[leftByFirst];
    if (left !== undefined) column.left = String(left);
    column.rules.set(result.requirement, [...(column.rules.get(result.requirement) ?? []), result]);
  }
  // In the order of their names, whichever was tested first.
  const ordered = [...columns.values()].sort((one, other) => one.plugin.localeCompare(other.plugin));
  return ordered.map(({ plugin, version, left, rules }) => ({
    generation,
    folder,
    plugin,
    version,
    ...(left === undefined ? {} : { left: withoutMachine(left, folder) }),
    rules: Object.fromEntries([...rules].map(([id, tests]) => [id, cellOf(tests)])),
  }));
}

function cellOf(all: readonly SuiteResult[]): TableCell {
  // What saw nothing leaves it to the others.
  const seen = all.filter(({ sawNothing }) => !sawNothing);
  const tests = seen.length > 0 ? seen : all;
  const outcome = tests
    .map((test) => test.outcome)
    .reduce((worst, one) => (severity.indexOf(one) > severity.indexOf(worst) ? one : worst), "passed");
  const worst = tests.filter((test) => test.outcome === outcome && outcome !== "passed");
  return {
    outcome,
    ...(seen.length > 0 ? {} : { sawNothing: true }),
    reasons: [...new Set(worst.map(({ reason = "" }) => firstLineOf(reason)))],
    // What came of its runs is told of that run.
    reproduce: worst.flatMap(({ reproduce }) => (reproduce ? [readMarked(reproduce).line] : [])),
  };
}

const symbols: Record<Outcome, string> = {
  passed: "✓",
  failed: "✗",
  unsupported: "·",
  blocked: "b",
  error: "e",
  // No engine takes part.
  "engine at fault": "",
  "not run": "?",
};

/** Where a table comes from. */
export interface TableOrigin {
  /** Command that makes it again. */
  readonly command: string;
  /** Date, kernel and whatever else the outcomes may depend on. */
  readonly facts: readonly string[];
  /** What each generation is, as it reads after its name: a package with its version, or a folder. */
  readonly generations: Readonly<Record<string, string>>;
}

/** Markdown without a title: a table of rules × plugins for each generation and version, then every broken rule with a line to repeat it. */
export function formatTable(columns: readonly TableColumn[], origin: TableOrigin): string {
  const groups = Map.groupBy(columns, ({ generation, version }) => `Plugins ${generation}, CNI ${version}`);
  const findings = findingsOf(columns);
  return [
    `Made by \`${origin.command}\`; ${origin.facts.join(", ")}.`,
    "",
    ...Object.entries(origin.generations).map(([name, what]) => `- ${name}: ${what}`),
    "",
    "✓ holds · ✗ does not (**✗**: a MUST) · b blocked, the machine lacks what it needs · e error of the harness · ? nothing was seen of it · blank: does not apply.",
    "ʳ: a race, so that another run may see the other thing.",
    "Each plugin is tested with one minimal configuration. MAY marks what the specification leaves open and the reference library decides.",
    "",
    ...[...groups].flatMap(([title, group]) => [`## ${title}`, "", formatGroup(group), ""]),
    ...(findings.length > 0
      ? ["## What does not hold", "", howToRepeat, "", formatFindings(findings), ""]
      : []),
  ].join("\n");
}

const howToRepeat = `The lines under *by hand* are shell lines for root, with \`CNI\` set to the folder of the plugins. Each starts from
nothing and leaves namespaces and files, which have to go before the next:

\`\`\`sh
ip netns list | awk '/^nc(-[0-9]+)?( |$)/ { print $1 }' | xargs -rn1 ip netns delete; rm -rf /tmp/nc
\`\`\``;

function formatGroup(group: readonly TableColumn[]): string {
  const ids = (Object.keys(cniRequirements) as CniRequirementId[]).filter((id) =>
    group.some(({ rules }) => rules[id] !== undefined),
  );
  const header = ["rule", "level", "", ...group.map(({ plugin }) => plugin)];
  const rows = ids.map((id) => {
    const { level, title } = cniRequirements[id];
    return [id, level, title, ...group.map(({ rules }) => symbolOf(rules[id], id))];
  });
  const table = [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const blocked = group.filter(isBlocked).map(({ plugin, rules }) => `- ${plugin}: ${reasonOf(rules)}`);
  const left = group.flatMap((one) => (one.left ? [`- ${one.plugin}: ${one.left}`] : []));
  return [
    ...table,
    ...(blocked.length > 0 ? ["", "Blocked:", "", ...blocked] : []),
    ...(left.length > 0 ? ["", "What a first attachment leaves, and is no leak:", "", ...left] : []),
  ].join("\n");
}

function isBlocked({ rules }: TableColumn): boolean {
  return rules["CNI-4a"]?.outcome === "blocked";
}

function reasonOf(rules: TableColumn["rules"]): string {
  return rules["CNI-4a"]?.reasons[0] ?? "";
}

/** Rules that only containers at once break: whether they do depends on which comes first. */
const races: readonly CniRequirementId[] = ["CNI-17a", "CNI-17b"];

function symbolOf(cell: TableCell | undefined, id: CniRequirementId): string {
  if (!cell) return " ";
  if (cell.outcome !== "failed") return symbols[cell.outcome];
  const symbol = cniRequirements[id].level === "MUST" ? "**✗**" : symbols.failed;
  return races.includes(id) ? `${symbol}ʳ` : symbol;
}

/** How many cells have each outcome, `nothing seen` apart from what was not run. */
export function countOutcomes(
  columns: readonly TableColumn[],
): Partial<Record<Outcome | "nothing seen", number>> {
  const outcomes = columns.flatMap(({ rules }) =>
    Object.values(rules).map(({ outcome, sawNothing }) => (sawNothing ? "nothing seen" : outcome)),
  );
  return Object.fromEntries(
    [...Map.groupBy(outcomes, (outcome) => outcome)].map(([outcome, cells]) => [outcome, cells.length]),
  );
}
