import { type CniRequirementId, cniRequirements } from "#suites/requirements/cni.ts";
import type { Level } from "#suites/requirements/requirement.ts";
import type { TableColumn } from "./table.ts";

/** A rule that a plugin breaks, in one generation of the plugin or several that break it in the same way. */
export interface Finding {
  readonly plugin: string;
  readonly rule: CniRequirementId;
  readonly level: Level;
  readonly generations: readonly string[];
  /** What was expected and what was seen, one per test that failed. */
  readonly reasons: readonly string[];
  /** Shell line that shows it, with `$CNI` for the folder of the plugins; absent when it would be too long. */
  readonly reproduce: string | undefined;
}

const levels: readonly Level[] = ["MUST", "SHOULD", "MAY"];

/** Every broken rule, the gravest first, without anything that is only so on the machine that ran the tests. */
export function findingsOf(columns: readonly TableColumn[]): Finding[] {
  const findings = columns.flatMap(({ generation, plugin, rules }) =>
    (Object.keys(cniRequirements) as CniRequirementId[]).flatMap((rule): Finding[] => {
      const cell = rules[rule];
      if (cell?.outcome !== "failed") return [];
      const [line] = cell.reproduce;
      return [
        {
          plugin,
          rule,
          level: cniRequirements[rule].level,
          generations: [generation],
          reasons: [...new Set(cell.reasons.map(withoutMachine))],
          reproduce: line === undefined ? undefined : withoutMachine(line),
        },
      ];
    }),
  );
  const same = Map.groupBy(findings, ({ plugin, rule, reasons }) => JSON.stringify([plugin, rule, reasons]));
  return [...same.values()]
    .map((group) => ({ ...(group[0] as Finding), generations: group.flatMap((one) => one.generations) }))
    .sort(
      (one, other) =>
        levels.indexOf(one.level) - levels.indexOf(other.level) || one.plugin.localeCompare(other.plugin),
    );
}

/** Names of scratch namespaces without the number of the process, the folder of the plugins as `$CNI`. */
export function withoutMachine(text: string): string {
  const folder = /\bCNI_PATH=([^\s:]+)/.exec(text)?.[1];
  const named = text.replace(/\bnccni-\d+-\d+/g, "nc").replace(/\bCNI_PATH=\S+/g, "CNI_PATH=$CNI");
  return folder === undefined ? named : named.replaceAll(folder, "$CNI");
}

/** The findings as Markdown, by level. */
export function formatFindings(findings: readonly Finding[]): string {
  const groups = [...Map.groupBy(findings, ({ level }) => level)];
  return groups
    .map(([level, group]) => [`### Broken: ${level}`, "", ...group.map(formatFinding)].join("\n"))
    .join("\n\n");
}

function formatFinding({ plugin, rule, generations, reasons, reproduce }: Finding): string {
  const head = `- **${plugin}** ${generations.join(", ")}, ${rule}: ${cniRequirements[rule].title}.`;
  const seen = reasons.map((reason) => `  - ${reason}`);
  const shown = reproduce
    ? [
        "",
        "  <details><summary>by hand</summary>",
        "",
        "  ```sh",
        `  ${reproduce}`,
        "  ```",
        "",
        "  </details>",
      ]
    : [];
  return [head, ...seen, ...shown].join("\n");
}
