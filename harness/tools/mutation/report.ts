import { markdownTable } from "#harness/core/text/markdown.ts";
import type { Area } from "./areas.ts";
import { type Mutant, scoreOf, survives } from "./mutant.ts";
import { reasonFor } from "./survivors.ts";

/** An area with what became of its mutants. */
export interface AreaResult {
  readonly area: Area;
  readonly mutants: readonly Mutant[];
}

/** Whether tests kill less of it than they must. */
export function isBelowFloor({ area, mutants }: AreaResult): boolean {
  return scoreOf(mutants).share < (area.floor ?? 0);
}

/** One row an area, and one a file. */
export function scoresTable(results: readonly AreaResult[]): string {
  const rows = results.flatMap(({ area, mutants }) => {
    const byFile = [...Map.groupBy(mutants, ({ file }) => file)].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [
      [`**${area.name}**: ${area.decides}`, ...figuresOf(mutants), area.floor ? percent(area.floor) : ""],
      ...byFile.map(([file, own]) => [`\`${file}\``, ...figuresOf(own), ""]),
    ];
  });
  return markdownTable(["what", "mutants", "killed", "alive", "untested", "share", "at least"], rows);
}

function figuresOf(mutants: readonly Mutant[]): string[] {
  const { tried, killed, alive, untested, share } = scoreOf(mutants);
  return [...[tried, killed, alive, untested].map(String), percent(share)];
}

function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

/** One line a survivor that has no reason: where, what stands there and what could stand there. */
export function survivorLines(mutants: readonly Mutant[]): string[] {
  return mutants
    .filter((mutant) => survives(mutant) && reasonFor(mutant) === undefined)
    .map(({ file, line, kind, code, replacement, fate }) => {
      const instead = replacement.replace(/\s+/g, " ").slice(0, 80);
      return `${file}:${line} ${fate}, ${kind}: ${code.slice(0, 100)} → ${instead}`;
    });
}
