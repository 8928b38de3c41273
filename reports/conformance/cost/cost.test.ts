import { expect, test } from "vitest";
import { type Cost, costOf } from "#harness/observe/cost/cost.ts";
import { exampleObservation, exampleRecord } from "#harness/testing/support/examples/statement.ts";
import { buildStatement } from "#reports/conformance/statement.ts";
import { budgetOf, budgets } from "#suites/requirements/budgets.ts";
import { overBudget } from "./budget.ts";
import type { ChapterRecord } from "./chapters.ts";

const cost = (seconds: number, peakBytes = 1): Cost =>
  costOf([{ of: "node1", processor: { seconds }, memory: { peakBytes, atMost: false } }]);
const unmeasured: Cost = costOf([
  { of: "node1", processor: { notMeasured: "no cpu.stat" }, memory: { notMeasured: "no memory.peak" } },
]);
const file = "suites/basics/basics.test.ts";
const ran = (own?: Cost): ChapterRecord => {
  const chapter = { target: "mine@26.1", file, durationMs: 1 };
  return own ? { ...chapter, cost: { ...own, parts: [...own.parts] } } : chapter;
};
const statementOf = (chapters: ChapterRecord[]) =>
  buildStatement(
    exampleRecord({
      chapters,
      mainProcess: { of: "main process", processor: { seconds: 2 }, memory: { peakBytes: 5, atMost: false } },
    }),
  );
const allowed = budgetOf(file, 2)?.processorSeconds ?? 0;

test("chapters, target and run have their cost", () => {
  const { targets, run } = statementOf([ran(cost(3, 10)), ran(cost(4, 20))]);
  expect(targets[0]?.chapters).toHaveLength(2);
  expect(targets[0]?.cost).toMatchObject({ processor: { seconds: 7 }, memory: { peakBytes: 20 } });
  expect(run.cost?.processor).toEqual({ seconds: 9 });
  expect(run.cost?.parts.map(({ of }) => of)).toEqual(["main process", "mine@26.1"]);
});

test("a chapter that did not come to its end leaves the target unmeasured", () => {
  const [target] = statementOf([ran(cost(3)), ran()]).targets;
  expect(target?.cost?.processor).toEqual({ notMeasured: `${file} left no figures` });
});

test("nothing ran: there is no cost, and none of 0", () => {
  const { targets, run } = statementOf([]);
  expect(targets[0]).not.toHaveProperty("cost");
  expect(run.cost?.parts).toHaveLength(1);
});

test("a requirement has the cost of its tests, where each of them was measured", () => {
  const observed = (...costs: Cost[]) => {
    const observations = costs.map((one) => exampleObservation("B1", { cost: one }));
    const [target] = buildStatement(exampleRecord({ observations })).targets;
    return target?.results.find(({ requirement }) => requirement === "B1")?.cost?.processor;
  };
  expect(observed(cost(1), cost(2))).toEqual({ seconds: 3 });
  expect(observed(cost(1), unmeasured)).toEqual({ notMeasured: "node1: no cpu.stat" });
});

test("a chapter over its budget is one line, with what each part of it used", () => {
  expect(overBudget(statementOf([ran(cost(allowed)), ran(cost(allowed + 1))]))).toEqual([
    `${file} on mine@26.1: budget ${allowed} processor seconds, used ${allowed + 1}.0: node1 ${allowed + 1}.0`,
  ]);
});

test("a chapter that was not measured is not within its budget", () => {
  expect(overBudget(statementOf([ran(unmeasured), ran()]))).toEqual([
    `${file} on mine@26.1: budget ${allowed} processor seconds, not measured: node1: no cpu.stat`,
    `${file} on mine@26.1: budget ${allowed} processor seconds, not measured: it did not come to its end`,
  ]);
});

test("a larger cluster may use more, and a protocol suite has no budget", () => {
  expect(budgetOf(file, 4)).toEqual({ processorSeconds: 2 * allowed });
  expect(budgetOf("suites/cnm/pools.test.ts", 2)).toBeUndefined();
  expect(Object.values(budgets).every(({ because }) => because.length > 0)).toBe(true);
});
