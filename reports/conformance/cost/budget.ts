import type { Statement } from "#reports/conformance/schema.ts";
import type { ChapterStatement } from "./schema.ts";

/**
 * A line for each chapter that used more than its budget, or of which nobody can tell: what was not measured is not within it. Empty
 * where all that ran stayed within.
 */
export function overBudget({ targets }: Pick<Statement, "targets">): string[] {
  return targets.flatMap(({ name, chapters = [] }) =>
    chapters.flatMap(({ file, round, cost, budget }) => {
      if (!budget) return [];
      const where = `${file} on ${name}${round === undefined ? "" : `, round ${round}`}`;
      const allowed = `budget ${budget.processorSeconds.toFixed(0)} processor seconds`;
      const processor = cost?.processor ?? { notMeasured: "it did not come to its end" };
      if ("notMeasured" in processor) return [`${where}: ${allowed}, not measured: ${processor.notMeasured}`];
      if (processor.seconds <= budget.processorSeconds) return [];
      return [`${where}: ${allowed}, used ${processor.seconds.toFixed(1)}: ${partsOf(cost)}`];
    }),
  );
}

function partsOf(cost: ChapterStatement["cost"]): string {
  return (cost?.parts ?? [])
    .map(
      ({ of, processor }) =>
        `${of} ${"seconds" in processor ? processor.seconds.toFixed(1) : "not measured"}`,
    )
    .join(", ");
}
