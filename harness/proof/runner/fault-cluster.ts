import {
  describeDifferences,
  readStableSnapshot,
  type Snapshot,
  settle,
} from "#harness/cluster/snapshot/snapshot.ts";
import type { Target, TargetSettings } from "#harness/conformance/run/target.ts";
import { openTarget } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/progress.ts";
import type { EngineVersion } from "#harness/core/settings/settings.ts";
import type { ChapterRun } from "#harness/proof/judge.ts";
import { ProjectRunner, type RunOrder } from "./project-runner.ts";

const settleMs = 15_000;

/** A cluster with a driver on which chapters run again and again; the fault acts in vitest's worker. */
export class FaultCluster {
  readonly driver: string;
  readonly #settings: TargetSettings;
  readonly #progress: Progress;
  readonly #engine: EngineVersion;
  readonly #runner: ProjectRunner;
  #target: Target | undefined;
  #baseline: Snapshot = {};
  #closed = false;

  constructor(settings: TargetSettings, progress: Progress, driver: string, engine: EngineVersion) {
    this.driver = driver;
    this.#settings = settings;
    this.#progress = progress;
    this.#engine = engine;
    this.#runner = new ProjectRunner(`${driver}@${engine}`);
  }

  /** Brings up a cluster and a vitest for it. */
  async open(): Promise<void> {
    await this.#runner.open();
    // The cluster is made here instead, so that it can be replaced.
    this.#runner.project.config.globalSetup = [];
    this.#runner.injectFaults();
    await this.#bringUp();
  }

  /** Runs a chapter and yields what each test showed. */
  run(order: RunOrder): Promise<ChapterRun> {
    return this.#runner.run(order);
  }

  /** What a run has left on the cluster, in words; empty when it is as it was. */
  async traces(): Promise<string> {
    if (!this.#target) return "";
    return describeDifferences(await settle(this.#target.cluster, this.#baseline, settleMs));
  }

  /** Takes a new cluster in place of one that is not as it was. */
  async replace(): Promise<void> {
    if (this.#closed) return;
    await this.#target?.remove();
    this.#target = undefined;
    await this.#bringUp();
  }

  /** Takes no new cluster any more: somebody else is about to remove this one. */
  abandon(): void {
    this.#closed = true;
  }

  /** Ends what runs and removes the cluster. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#runner.close();
    const target = this.#target;
    this.#target = undefined;
    await target?.remove();
  }

  async #bringUp(): Promise<void> {
    const target = await openTarget(this.#settings, this.#progress, this.driver, this.#engine, {
      fresh: true,
    });
    if (this.#closed) return target.remove();
    this.#target = target;
    this.#baseline = await readStableSnapshot(target.cluster);
    this.#runner.project.provide("cluster", target.state.id);
    this.#runner.project.provide("baseline", this.#baseline);
  }
}
