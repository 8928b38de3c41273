import AllureVitestReporter from "allure-vitest/reporter";
import type { RunnerTask } from "vitest";
import type { TestModule } from "vitest/node";
import type { ConformanceMeta } from "#harness/conformance/outcome.ts";
import { targetOf } from "#reports/target.ts";
import { isRequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { labelsOf, parametersOf } from "./labels.ts";

/** What allure-vitest keeps on a task of what a test told it. */
interface ToldAllure {
  allureRuntimeMessages?: { type: string; data: { labels?: { name: string }[] } }[];
}

/**
 * allure-vitest's reporter, for targets only: unit tests stay out of the conformance report.
 * A test that ended before it could describe itself, as by a timeout, is described from what it left on its task.
 */
export class AllureReporter extends AllureVitestReporter {
  override onTestRunEnd(testModules: readonly TestModule[]): void {
    super.onTestRunEnd(testModules.filter(({ project }) => targetOf(project) !== undefined));
  }

  override handleTask(task: RunnerTask): void {
    if (task.type === "test") describeLeftOver(task.meta, task.result?.errors?.[0]?.message);
    super.handleTask(task);
  }
}

function describeLeftOver(
  meta: ToldAllure & { conformance?: ConformanceMeta },
  reason: string | undefined,
): void {
  const left = meta.conformance;
  if (!left || !isRequirementId(left.requirement)) return;
  const messages = meta.allureRuntimeMessages ?? [];
  if (messages.some(({ data }) => data.labels?.some(({ name }) => name === "requirement"))) return;
  const ended: ConformanceMeta =
    reason !== undefined && left.outcome === "not run" ? { ...left, outcome: "error", reason } : left;
  const data = { labels: labelsOf(ended, requirementOf(left.requirement)), parameters: parametersOf(ended) };
  meta.allureRuntimeMessages = [...messages, { type: "metadata", data }];
}
