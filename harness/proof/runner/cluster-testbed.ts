import { join } from "node:path";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import {
  describeDifferences,
  readStableSnapshot,
  type Snapshot,
  settle,
} from "#harness/cluster/snapshot/snapshot.ts";
import {
  type LeasedCluster,
  type ServedClusters,
  serveClusters,
} from "#harness/conformance/run/pool/lease.ts";
import { Upgrades } from "#harness/conformance/run/pool/upgrades.ts";
import { openTarget, type Target } from "#harness/conformance/run/target.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { baseline, type CaseRun, type FaultCase } from "#harness/proof/case.ts";
import { describePlace, type FaultPlaces, isOwnDefect, targetDriver } from "#harness/proof/fault.ts";
import { ProjectRunner } from "./project-runner.ts";
import type { CaseTestbed } from "./testbed.ts";

const settleMs = 15_000;
const leaseMs = 30_000;
/** Most cases have ended by then, and are told with their result. */
const silenceMs = 30_000;

export interface ClusterTestbedOptions {
  readonly settings: Settings;
  readonly progress: Progress;
  /** The engine of the run, and those that places ask for by name. */
  readonly engines: readonly TargetEngine[];
  /** Reports and evidence go there. */
  readonly folder: string;
  /** Takes no new cluster any more once it is aborted: then an interruption removes this one. */
  readonly signal: AbortSignal;
}

/** A cluster with a driver on which chapters run again and again; the fault acts in vitest's worker. */
export class ClusterTestbed implements CaseTestbed {
  readonly #carries: Carried;
  readonly #options: ClusterTestbedOptions;
  readonly #runner: ProjectRunner;
  readonly #settings: Settings;
  #target: Target | undefined;
  #before: Snapshot = {};
  readonly #upgrades: Upgrades;
  #served: ServedClusters | undefined;
  #leased = false;
  #closed = false;

  constructor(carries: Carried, options: ClusterTestbedOptions) {
    this.#carries = carries;
    this.#options = options;
    this.#runner = new ProjectRunner(`${targetDriver(carries)}@${this.#engine.name}`);
    const { settings, progress } = options;
    // A plugin that takes over from itself shows as well what an upgrade may lose.
    this.#settings = { ...settings, DRIVER_BEFORE: settings.DRIVER_BEFORE ?? carries.driver };
    this.#upgrades = new Upgrades({
      ...{ settings: this.#settings, progress, reference: carries.driver, engine: this.#engine },
      explain: (error) => {
        throw error;
      },
    });
  }

  /** Starts a vitest and brings up a cluster for it. */
  async open(): Promise<void> {
    await this.#runner.open();
    // The cluster is made here instead, so that it can be replaced.
    this.#runner.project.config.globalSetup = [];
    this.#runner.project.config.maxWorkers = 1;
    this.#runner.injectFaults();
    // Each case has a worker of its own, and they all take the one cluster in turns.
    const giveBack = () => {
      this.#leased = false;
    };
    const lessor = { lease: () => this.#lease(), giveBack, giveUp: giveBack };
    this.#served = await serveClusters(lessor, this.#upgrades);
    const { project } = this.#runner;
    const { DRIVER_BEFORE } = this.#settings;
    project.provide("settings", { ...project.getProvidedContext().settings, DRIVER_BEFORE });
    this.#runner.project.provide("clusters", this.#served.socket);
    await this.#bringUp();
  }

  choose(cases: readonly FaultCase[]): readonly FaultCase[] {
    return cases.filter(({ on }) => on.tier === "chapters" && isCarried(this.#carries, on)).slice(0, 1);
  }

  async run([one]: readonly FaultCase[]): Promise<CaseRun[]> {
    if (one?.on.tier !== "chapters") throw new HarnessError("a cluster was given a case of something else");
    const { name, on, fault, mend, only, time } = one;
    const folder = time === undefined ? name : `${name}-${time}`;
    const { progress } = this.#options;
    const run = await progress.step(
      `${fault ? name : baseline} on ${describePlace(on)}`,
      (onProgress) =>
        this.#runner.run({
          suite: on.chapter,
          reports: join(
            this.#options.folder,
            fault ? folder : `${baseline}-${describePlace(on).replace(" ", "-")}`,
          ),
          // What an engine breaks by itself is there without more.
          fault: fault && !isOwnDefect(fault) ? name : "",
          mend,
          ...(only ? { only } : {}),
          onProgress,
        }),
      { quietMs: silenceMs },
    );
    return [run];
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
    this.#served?.close();
    await this.#upgrades.close();
    const target = this.#target;
    this.#target = undefined;
    await target?.remove();
  }

  get #engine(): TargetEngine {
    const { engine: wanted } = this.#carries;
    const { engines } = this.#options;
    const found = wanted === undefined ? engines[0] : engines.find(({ name }) => name === wanted);
    if (!found) throw new HarnessError(`no engine ${wanted} among ${engines.map(({ name }) => name)}`);
    return found;
  }

  async #lease(): Promise<LeasedCluster> {
    if (!this.#target) throw new HarnessError("there is no cluster between two of them");
    const what = "the worker that had the cluster to end";
    await until({ what, deadlineMs: leaseMs }, async () => !this.#leased);
    this.#leased = true;
    return { cluster: this.#target.state.id, baseline: this.#before };
  }

  get #ended(): boolean {
    return this.#closed || this.#options.signal.aborted;
  }

  async #bringUp(): Promise<void> {
    const { settings, progress } = this.#options;
    const target = await openTarget(settings, progress, this.#carries.driver, this.#engine, { fresh: true });
    if (this.#ended) return target.remove();
    this.#target = target;
    this.#before = await readStableSnapshot(target.cluster);
  }
}

/** What a cluster carries for the cases of some places; without an engine that of the run. */
type Carried = Pick<FaultPlaces["chapters"], "driver" | "engine" | "runtime">;

function isCarried(one: Carried, other: Carried): boolean {
  return targetDriver(one) === targetDriver(other) && one.engine === other.engine;
}

/** What each of the clusters carries: one for everything that the cases need, the others where most is to do. */
export function carriedBy(cases: readonly FaultCase[], clusters: number): Carried[] {
  const loads: { carried: Carried; cases: number; clusters: number }[] = [];
  for (const { on, fault } of cases) {
    if (on.tier !== "chapters" || !fault) continue;
    const known = loads.find(({ carried }) => isCarried(carried, on));
    if (known) known.cases++;
    else loads.push({ carried: on, cases: 1, clusters: 1 });
  }
  const perCluster = (load: (typeof loads)[number]) => load.cases / load.clusters;
  for (let spare = clusters - loads.length; spare > 0; spare--) {
    const [busiest] = [...loads].sort((a, b) => perCluster(b) - perCluster(a));
    if (busiest && perCluster(busiest) > 1) busiest.clusters++;
  }
  return loads.flatMap(({ carried, clusters }) => Array.from({ length: clusters }, () => carried));
}
