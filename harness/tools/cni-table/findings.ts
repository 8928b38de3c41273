import { type CniRequirementId, cniRequirements } from "#suites/requirements/rules/cni.ts";
import type { TableColumn } from "./column.ts";

/** One way in which a rule is broken, and by whom. */
export interface CniFinding {
  readonly rule: CniRequirementId;
  /** What was expected and what was seen, one per test that failed. */
  readonly reasons: readonly string[];
  /** Generations by plugin. */
  readonly plugins: Readonly<Record<string, readonly string[]>>;
  /** Shell lines that show it with the first of the plugins, `$CNI` being their folder; absent when there are too many. */
  readonly reproduce: string | undefined;
}

const levels = ["MUST", "SHOULD", "MAY"] as const;
const rules = Object.keys(cniRequirements) as CniRequirementId[];

/** Every broken rule in the order of the rules, without anything that is only so on the machine that ran the tests. */
export function findingsOf(columns: readonly TableColumn[]): CniFinding[] {
  return rules.flatMap((rule) => {
    const broken = columns.flatMap((column) => {
      const cell = column.rules[rule];
      if (cell?.outcome !== "failed") return [];
      const reasons = [...new Set(cell.reasons.map((reason) => withoutTarget(reason, column)))].sort();
      const [line] = cell.reproduce;
      return [
        { ...column, reasons, line: line === undefined ? undefined : withoutMachine(line, column.folder) },
      ];
    });
    return [...Map.groupBy(broken, ({ reasons }) => JSON.stringify(reasons)).values()].map(
      (group): CniFinding => {
        const plugins = Map.groupBy(group, ({ plugin }) => plugin);
        return {
          rule,
          reasons: group[0]?.reasons ?? [],
          plugins: Object.fromEntries(
            [...plugins].map(([plugin, found]) => [
              plugin,
              [...new Set(found.map(({ generation }) => generation))],
            ]),
          ),
          reproduce: group.find(({ line }) => line !== undefined)?.line,
        };
      },
    );
  });
}

/** A reason as it reads for every plugin and version of the specification that breaks the rule like this. */
function withoutTarget(reason: string, { plugin, version, folder }: TableColumn): string {
  return withoutMachine(reason, folder)
    .replace(new RegExp(`^(\\w+ of )?${RegExp.escape(plugin)}: `), (_all, call?: string) =>
      call ? `${call.slice(0, -" of ".length)}: ` : "",
    )
    .replaceAll(`cniVersion ${version}`, "cniVersion");
}

/**
 * Names of scratch namespaces without the number of the process, digests of them as `…`, and the folder of the
 * plugins as `$CNI`, without the folders that are searched after it.
 */
export function withoutMachine(text: string, folder: string): string {
  return text
    .replaceAll(folder, "$CNI")
    .replace(/(\bCNI_PATH=(?:[^\s:]+:)?\$CNI)(?::[^\s:]+)+/g, "$1")
    .replace(/\bnccni-\d+-\d+/g, "nc")
    .replace(/\b(CNI-(?:DN-|SN-)?)[0-9a-f]{16,}/g, "$1…");
}

/** The findings as Markdown: by level, then by rule. */
export function formatFindings(findings: readonly CniFinding[]): string {
  return levels
    .flatMap((level) => {
      const group = findings.filter(({ rule }) => cniRequirements[rule].level === level);
      if (group.length === 0) return [];
      const byRule = [...Map.groupBy(group, ({ rule }) => rule)];
      return [
        `### ${level}`,
        ...byRule.map(([rule, found]) =>
          [`**${rule}**, ${cniRequirements[rule].title}`, "", ...found.map(formatFinding)].join("\n"),
        ),
      ];
    })
    .join("\n\n");
}

function formatFinding({ plugins, reasons, reproduce }: CniFinding): string {
  const who = Object.entries(plugins).map(
    ([plugin, generations]) => `${plugin} ${generations.join(" and ")}`,
  );
  const shown = reproduce
    ? [
        "",
        "<details><summary>by hand</summary>",
        "",
        "```sh",
        ...reproduce.split("\n"),
        "```",
        "",
        "</details>",
      ]
    : [];
  return [
    `- ${who.join(", ")}: ${reasons.join("; ")}`,
    ...shown.map((line) => (line === "" ? "" : `  ${line}`)),
  ].join("\n");
}
