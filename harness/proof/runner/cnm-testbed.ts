import { join } from "node:path";
import { forgetWhenInterrupted, removeWhenInterrupted } from "#harness/cluster/interruption.ts";
import { cnmProject } from "#harness/conformance/run/projects.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { CaseRun, FaultCase } from "#harness/proof/case.ts";
import { newestPlayedEngine } from "#suites/requirements/played-engine.ts";
import { ProjectRunner } from "./project-runner.ts";
import type { CaseTestbed } from "./testbed.ts";

let opened = 0;

/** The CNM suite on the reference plugin, in a vitest that stays. Needs root, no cluster. */
export class CnmTestbed implements CaseTestbed {
  readonly #folder: string;
  readonly #runner = new ProjectRunner(cnmProject(newestPlayedEngine));
  readonly #name = `the CNM suite ${++opened}`;

  /** Reports and evidence go into `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(): Promise<void> {
    // The plugin and its interfaces live in this process's worker: they go when its tests are told to end.
    removeWhenInterrupted(this.#name, () => this.#runner.close());
    await this.#runner.open();
    // A thread is there sooner than a process, and there is one for each case.
    this.#runner.project.config.pool = "threads";
  }

  choose(cases: readonly FaultCase[]): readonly FaultCase[] {
    return cases.filter(({ on }) => on.tier === "cnm").slice(0, 1);
  }

  async run([one]: readonly FaultCase[]): Promise<CaseRun[]> {
    if (!one) throw new HarnessError("the CNM suite was given no case");
    const { name, fault, on, only } = one;
    if (on.tier !== "cnm") throw new HarnessError("the CNM suite was given a case of something else");
    this.#runner.project.provide("playedEngine", on.engine);
    const inject = fault?.inject ?? {};
    return [
      await this.#runner.run({
        suite: "cnm",
        reports: join(this.#folder, `cnm-${on.engine}-${name}`),
        fault: "switchOn" in inject ? inject.switchOn : "",
        ...(only ? { only } : {}),
      }),
    ];
  }

  /** The suite looks for what a test leaves behind itself. */
  async leftovers(): Promise<string> {
    return "";
  }

  async replace(): Promise<void> {
    await this.close();
    await this.open();
  }

  async close(): Promise<void> {
    forgetWhenInterrupted(this.#name);
    await this.#runner.close();
  }
}
