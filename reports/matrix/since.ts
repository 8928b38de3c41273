import type { Outcome } from "#harness/conformance/outcome.ts";
import { compareVersions } from "#harness/core/compare-versions.ts";
import type { Cell } from "./schema.ts";

/** A requirement that a driver does not fulfil from an engine version on. */
export interface Breakage {
  readonly driver: string;
  readonly requirement: string;
  readonly title: string;
  /** What sets the cells apart that were compared: firewall and flags; empty for the usual ones. */
  readonly variant: string;
  /** The first engine version of those at the end on which it is red. */
  readonly since: string;
  /** The last one on which it is not; `undefined` where it is red on all of them. */
  readonly holds: string | undefined;
  /** The newest one on which it was judged, and is red. */
  readonly until: string;
}

/** What was judged: neither unsupported, blocked nor not run says whether a rule holds. */
const judged: readonly Outcome[] = ["passed", "failed", "error"];

/**
 * Since which engine version requirements are red, for every driver: of each, the versions at the end of the line in which every
 * judgement is red. Cells of several engines have no place in that line; firewalls and flags have lines of their own.
 */
export function breakagesOf(cells: readonly Cell[]): Breakage[] {
  const lines = new Map<string, { driver: string; variant: string; cells: Map<string, Cell> }>();
  for (const cell of cells) {
    const [, version, flags = ""] = /^([^[\]+]+)(\[.*\])?$/.exec(cell.engine) ?? [];
    if (version === undefined) continue;
    const variant = [cell.firewall === "nft" ? "" : cell.firewall, flags].filter(Boolean).join(" ");
    const key = JSON.stringify([cell.driver, variant]);
    const line = lines.get(key) ?? { driver: cell.driver, variant, cells: new Map<string, Cell>() };
    line.cells.set(version, cell);
    lines.set(key, line);
  }
  return [...lines.values()].flatMap(({ driver, variant, cells: own }) => {
    const versions = [...own.keys()].sort(compareVersions);
    if (versions.length < 2) return [];
    const titles = new Map<string, string>();
    for (const { target } of own.values()) {
      for (const { requirement, title } of target?.results ?? []) titles.set(requirement, title);
    }
    return [...titles].flatMap(([requirement, title]) => {
      const seen = versions.flatMap((version) => {
        const results = (own.get(version)?.target?.results ?? []).filter(
          (result) => result.requirement === requirement && judged.includes(result.outcome),
        );
        return results.length === 0
          ? []
          : [{ version, red: results.some(({ outcome }) => outcome !== "passed") }];
      });
      const last = seen.at(-1);
      if (!last?.red || seen.length < 2) return [];
      const good = seen.findLastIndex(({ red }) => !red);
      const first = seen[good + 1] ?? last;
      const holds = seen[good]?.version;
      return [{ driver, requirement, title, variant, since: first.version, holds, until: last.version }];
    });
  });
}
