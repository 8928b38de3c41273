import type { RuntimeMessage } from "allure-js-commons/sdk";
import type { ReporterConfig } from "allure-js-commons/sdk/reporter";
import AllureVitestReporter from "allure-vitest/reporter";
import type { RunnerTask } from "vitest";
import type { TestModule } from "vitest/node";
import type { ConformanceMeta } from "#harness/conformance/outcome.ts";
import { causeOfEnd, referTo } from "#reports/conformance/outcome/causes.ts";
import { targetOf } from "#reports/target.ts";
import { isRequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import { messagesOf } from "./labels.ts";

/** What allure-vitest reads from a task. */
interface AllureTaskMeta {
  allureRuntimeMessages?: RuntimeMessage[];
}

/**
 * allure-vitest's reporter, for targets only: unit tests stay out of the conformance report. A test knows nothing of Allure:
 * it is described from what it left on its task, also when it ended before it could conclude, as by a timeout.
 */
export class AllureReporter extends AllureVitestReporter {
  readonly #folder: string;
  /** By target and cause: the requirement that tells it. */
  readonly #told = new Map<string, string>();

  /** `folder` is what the paths of evidence are relative to. */
  constructor(options: ReporterConfig, folder: string) {
    super(options);
    this.#folder = folder;
  }

  override onTestRunEnd(testModules: readonly TestModule[]): void {
    super.onTestRunEnd(testModules.filter(({ project }) => targetOf(project) !== undefined));
  }

  override handleTask(task: RunnerTask): void {
    if (task.type === "test") this.#describe(task.meta, task.result?.errors?.[0]?.message);
    super.handleTask(task);
  }

  #describe(meta: AllureTaskMeta & { conformance?: ConformanceMeta }, reason: string | undefined): void {
    const left = meta.conformance;
    if (!left || !isRequirementId(left.requirement)) return;
    const ended: ConformanceMeta =
      reason !== undefined && left.outcome === "not run" && !left.sawNothing
        ? { ...left, outcome: "error", reason }
        : left;
    const messages = messagesOf(this.#tellOnce(ended), requirementOf(left.requirement), this.#folder);
    meta.allureRuntimeMessages = [...(meta.allureRuntimeMessages ?? []), ...messages];
  }

  /** What other requirements of the target share is told by the first of them alone. */
  #tellOnce(ended: ConformanceMeta): ConformanceMeta {
    const cause = causeOfEnd(ended);
    if (!cause) return ended;
    const key = `${ended.driver}@${ended.engine} ${cause.id}`;
    const first = this.#told.get(key) ?? ended.requirement;
    this.#told.set(key, first);
    if (first === ended.requirement) return ended;
    return { ...ended, reason: referTo({ requirements: [first], what: cause.what }) };
  }
}
