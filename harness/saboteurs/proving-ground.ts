import { rmSync } from "node:fs";
import { join } from "node:path";
import { createVitest, type TestProject, type Vitest } from "vitest/node";
import type { Target } from "#harness/cluster/target.ts";
import { openTarget } from "#harness/cluster/target.ts";
import type { EngineVersion, Settings } from "#harness/config/settings.ts";
import { HarnessError } from "#harness/errors.ts";
import { describeDifferences, type Ledger, readStableLedger, settle } from "#harness/ledger/ledger.ts";
import type { Progress } from "#harness/progress.ts";
import { readTest } from "#reports/observation.ts";
import { targetOf } from "#reports/target.ts";
import type { ChapterRun } from "./verdict.ts";

const settleMs = 15_000;

/** What to run on a proving ground. */
export interface ChapterOrder {
  chapter: string;
  /** Reports and evidence go there. */
  reports: string;
  /** Who is let loose; nobody: an untouched run. */
  saboteur?: string;
  /** Run only the tests of these requirements; default all. */
  only?: readonly string[];
}

/**
 * A cluster with a driver on which chapters run again and again, and a vitest that stays: only its worker, in which the
 * saboteur acts, is new each time.
 */
export class ProvingGround {
  readonly driver: string;
  readonly #settings: Settings;
  readonly #progress: Progress;
  readonly #engine: EngineVersion;
  #vitest: Vitest | undefined;
  #target: Target | undefined;
  #baseline: Ledger = {};
  #closed = false;

  constructor(settings: Settings, progress: Progress, driver: string, engine: EngineVersion) {
    this.driver = driver;
    this.#settings = settings;
    this.#progress = progress;
    this.#engine = engine;
  }

  /** Brings up a cluster and a vitest for it. */
  async open(): Promise<void> {
    const root = join(import.meta.dirname, "../..");
    this.#vitest = await createVitest({
      root,
      config: join(root, "vitest.config.ts"),
      project: [`${this.driver}@${this.#engine}`],
      watch: false,
      reporters: [{}],
    });
    // The cluster is made here instead, so that it can be replaced.
    this.#project.config.globalSetup = [];
    await this.#bringUp();
  }

  /** Runs a chapter and yields what each test showed. */
  async run({ chapter, reports, saboteur = "", only }: ChapterOrder): Promise<ChapterRun> {
    const startedAt = performance.now();
    const vitest = this.#running;
    const project = this.#project;
    rmSync(reports, { recursive: true, force: true });
    project.config.env = { ...project.config.env, SABOTAGE: saboteur, REPORTS: reports };
    if (only) vitest.setGlobalTestNamePattern(new RegExp(`(^|[ >])(${only.join("|")}) `));
    else vitest.resetGlobalTestNamePattern();
    const specifications = await vitest.globTestSpecifications([`suites/${chapter}/`]);
    if (specifications.length === 0) throw new HarnessError(`suites/${chapter} has no test file`);
    const result = await vitest.runTestSpecifications(specifications);
    const files = specifications.map(({ moduleId }) => moduleId);
    // vitest yields what it knows of earlier runs as well.
    const modules = result.testModules.filter(({ moduleId }) => files.includes(moduleId));
    const declared = targetOf(project);
    if (!declared) throw new HarnessError(`${project.name} is no target`);
    const readings = modules
      .flatMap((module) => [...module.children.allTests()])
      .filter((test) => only === undefined || only.includes(test.name.split(" ", 1)[0] ?? ""))
      .map((test) => readTest(test, { ...declared, name: project.name, versions: {} }));
    const broken = modules.flatMap((module) => module.errors());
    return {
      observations: readings.flatMap((reading) => ("observation" in reading ? [reading.observation] : [])),
      faults: [
        ...readings.flatMap((reading) =>
          "fault" in reading ? [`${reading.fault.where}: ${reading.fault.message}`] : [],
        ),
        ...broken.map(({ message }) => message),
        ...result.unhandledErrors.map((error) => (error instanceof Error ? error.message : String(error))),
      ],
      durationMs: performance.now() - startedAt,
    };
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
    await this.#vitest?.cancelCurrentRun("keyboard-input");
    await this.#vitest?.close();
    const target = this.#target;
    this.#target = undefined;
    await target?.remove();
  }

  get #running(): Vitest {
    if (!this.#vitest) throw new HarnessError(`the proving ground for ${this.driver} is not open`);
    return this.#vitest;
  }

  get #project(): TestProject {
    const name = `${this.driver}@${this.#engine}`;
    const project = this.#running.projects.find((candidate) => candidate.name === name);
    if (!project) throw new HarnessError(`vitest has no project ${name}`);
    return project;
  }

  async #bringUp(): Promise<void> {
    const target = await openTarget(this.#settings, this.#progress, this.driver, this.#engine, {
      fresh: true,
    });
    if (this.#closed) return target.remove();
    this.#target = target;
    this.#baseline = await readStableLedger(target.cluster);
    this.#project.provide("cluster", target.state.id);
    this.#project.provide("baseline", this.#baseline);
  }
}
