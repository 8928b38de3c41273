import type { TestModule } from "vitest/node";
import { type Cost, joinCosts, type PartCost } from "#harness/observe/cost/cost.ts";
import { readOwnCounters } from "#harness/observe/cost/counters.ts";
import type { RequirementResult, Statement, TargetStatement } from "#reports/conformance/schema.ts";
import { budgetOf } from "#suites/requirements/budgets.ts";
import { type ChapterStatement, costSchema } from "./schema.ts";

/** One run of one test file on one target. */
export interface ChapterRecord extends Omit<ChapterStatement, "budget"> {
  /** Name of the target, e.g. `overlay@26.1`. */
  readonly target: string;
}

/** What a test file of a target that ran has left of its cost; `undefined` for one of which nothing has run. */
export function readChapter(testModule: TestModule): ChapterRecord | undefined {
  if (testModule.state() === "queued" || testModule.state() === "skipped") return undefined;
  const left = costSchema.safeParse((testModule.meta() as { cost?: unknown }).cost);
  return {
    target: testModule.project.name,
    file: testModule.relativeModuleId,
    durationMs: testModule.diagnostic().duration,
    ...(left.success ? { cost: left.data } : {}),
  };
}

/** What each test file cost on that target and may cost, and what they cost together. */
export function stateChapters(
  name: string,
  records: readonly ChapterRecord[],
  nodes: number,
): Pick<TargetStatement, "chapters" | "cost"> {
  const own = records.filter(({ target }) => target === name);
  if (own.length === 0) return {};
  const chapters = own.map(({ target: _, ...chapter }): ChapterStatement => {
    const budget = budgetOf(chapter.file, nodes);
    return { ...chapter, ...(budget ? { budget } : {}) };
  });
  return { chapters, ...costOfChapters(chapters) };
}

/** The cost of a target by those of its chapters. */
export function costOfChapters(chapters: readonly ChapterStatement[]): Pick<TargetStatement, "cost"> {
  const costs = chapters.map(({ file, cost }): Cost => cost ?? unknown(file));
  return costs.length === 0 ? {} : { cost: mutable(joinCosts(costs)) };
}

/** The cost of a requirement by those of its tests; nothing where no test of it tried anything. */
export function costOfTests(tests: readonly { readonly cost?: Cost }[]): Pick<RequirementResult, "cost"> {
  const costs = tests.flatMap(({ cost }) => cost ?? []);
  if (costs.length === 0) return {};
  const { processor, memory } = joinCosts(costs);
  return { cost: { processor, memory } };
}

/** What this process has used, which sets targets up and writes reports. */
export function ownCost(): PartCost {
  return { of: "main process", ...readOwnCounters() };
}

/** The cost of a run by that of the process that led it and those of its targets. */
export function costOfRun(
  main: PartCost,
  targets: readonly TargetStatement[],
): NonNullable<Statement["run"]["cost"]> {
  const parts = targets.flatMap(({ name, cost }) => (cost ? [{ ...cost, of: name }] : []));
  const all = [main, ...parts.map(({ of, processor, memory }): PartCost => ({ of, processor, memory }))];
  const { processor } = joinCosts(all.map((part) => ({ ...part, parts: [] })));
  const memory = { notMeasured: "clusters and workers come and go while a run lasts: see the parts" };
  return { processor, memory, parts: all };
}

function unknown(file: string): Cost {
  const why = { notMeasured: `${file} left no figures` };
  return { processor: why, memory: why, parts: [] };
}

function mutable({ parts, ...cost }: Cost): NonNullable<TargetStatement["cost"]> {
  return { ...cost, parts: [...parts] };
}
