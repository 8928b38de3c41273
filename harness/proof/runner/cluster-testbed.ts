import { join } from "node:path";
import {
  describeDifferences,
  readStableSnapshot,
  type Snapshot,
  settle,
} from "#harness/cluster/snapshot/snapshot.ts";
import { openTarget, type Target } from "#harness/conformance/run/target.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { EngineVersion, Settings } from "#harness/core/settings/settings.ts";
import { baseline, type CaseRun, type FaultCase } from "#harness/proof/case.ts";
import { ProjectRunner } from "./project-runner.ts";
import type { CaseTestbed } from "./testbed.ts";

const settleMs = 15_000;

export interface ClusterTestbedOptions {
  readonly settings: Settings;
  readonly progress: Progress;
  readonly engine: EngineVersion;
  /** Reports and evidence go there. */
  readonly folder: string;
  /** Takes no new cluster any more once it is aborted: then an interruption removes this one. */
  readonly signal: AbortSignal;
}

/** A cluster with a driver on which chapters run again and again; the fault acts in vitest's worker. */
export class ClusterTestbed implements CaseTestbed {
  readonly #driver: string;
  readonly #options: ClusterTestbedOptions;
  readonly #runner: ProjectRunner;
  #target: Target | undefined;
  #before: Snapshot = {};
  #closed = false;

  constructor(driver: string, options: ClusterTestbedOptions) {
    this.#driver = driver;
    this.#options = options;
    this.#runner = new ProjectRunner(`${driver}@${options.engine}`);
  }

  /** Starts a vitest and brings up a cluster for it. */
  async open(): Promise<void> {
    await this.#runner.open();
    // The cluster is made here instead, so that it can be replaced.
    this.#runner.project.config.globalSetup = [];
    this.#runner.injectFaults();
    await this.#bringUp();
  }

  choose(cases: readonly FaultCase[]): readonly FaultCase[] {
    return cases.filter(({ on }) => on.tier === "chapters" && on.driver === this.#driver).slice(0, 1);
  }

  async run([one]: readonly FaultCase[]): Promise<CaseRun[]> {
    if (one?.on.tier !== "chapters") throw new HarnessError("a cluster was given a case of something else");
    const { name, on, fault, only } = one;
    return [
      await this.#runner.run({
        suite: on.chapter,
        reports: join(this.#options.folder, fault ? name : `${baseline}-${on.driver}-${on.chapter}`),
        fault: fault ? name : "",
        ...(only ? { only } : {}),
      }),
    ];
  }

  async leftovers(): Promise<string> {
    if (!this.#target) return "";
    return describeDifferences(await settle(this.#target.cluster, this.#before, settleMs));
  }

  async replace(): Promise<void> {
    if (this.#ended) return;
    await this.#target?.remove();
    this.#target = undefined;
    await this.#bringUp();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#runner.close();
    const target = this.#target;
    this.#target = undefined;
    await target?.remove();
  }

  get #ended(): boolean {
    return this.#closed || this.#options.signal.aborted;
  }

  async #bringUp(): Promise<void> {
    const { settings, progress, engine } = this.#options;
    const target = await openTarget(settings, progress, this.#driver, engine, { fresh: true });
    if (this.#ended) return target.remove();
    this.#target = target;
    this.#before = await readStableSnapshot(target.cluster);
    this.#runner.project.provide("cluster", target.state.id);
    this.#runner.project.provide("baseline", this.#before);
  }
}

/** A driver for each of the clusters: one for every driver that the cases need, the others where most is to do. */
export function driversOf(cases: readonly FaultCase[], clusters: number): string[] {
  const load = new Map<string, number>();
  for (const { on, fault } of cases) {
    if (on.tier === "chapters" && fault) load.set(on.driver, (load.get(on.driver) ?? 0) + 1);
  }
  const shares = new Map([...load.keys()].map((driver) => [driver, 1]));
  const perCluster = (driver: string) => (load.get(driver) ?? 0) / (shares.get(driver) ?? 1);
  for (let spare = clusters - shares.size; spare > 0; spare--) {
    const [busiest] = [...shares.keys()].sort((a, b) => perCluster(b) - perCluster(a));
    if (busiest && perCluster(busiest) > 1) shares.set(busiest, (shares.get(busiest) ?? 1) + 1);
  }
  return [...shares].flatMap(([driver, count]) => Array.from({ length: count }, () => driver));
}
