import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  createVitest,
  type Reporter,
  type TestProject,
  type TestSpecification,
  type Vitest,
} from "vitest/node";
import { keepingSignals } from "#harness/cluster/interruption.ts";
import { howFarType } from "#harness/conformance/outcome.ts";
import { judgesOfChapters } from "#harness/conformance/run/selection.ts";
import { HarnessError, messageOf } from "#harness/core/errors.ts";
import { moduleEnding, projectRoot } from "#harness/core/project-root.ts";
import { configLoader, vitestConfig } from "#harness/core/vitest-program.ts";
import type { CaseRun } from "#harness/proof/case.ts";
import { readTest } from "#reports/conformance/reading/observation.ts";
import { targetOf } from "#reports/target.ts";

/** What to run. */
export interface RunOrder {
  /** Folder below `suites/`. */
  readonly suite: string;
  /** Reports and evidence go there. */
  readonly reports: string;
  /** Fault to inject; empty: none. */
  readonly fault: string;
  /** Fault of an engine to mend; default none. */
  readonly mend?: string | undefined;
  /** Run only the tests of these requirements; default all. */
  readonly only?: readonly string[];
  /** Is told which tests run, and how far they have come. */
  readonly onProgress?: (told: string) => void;
}

/** A vitest that stays and runs suites of one project again and again; only its worker is new each time. */
export class ProjectRunner {
  readonly #name: string;
  #vitest: Vitest | undefined;
  #onProgress: (told: string) => void = () => {};
  /** What is told of the tests that run, by their ids. */
  readonly #underWay = new Map<string, string>();

  /** `name` is a vitest project, e.g. `overlay@26.1`. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Starts vitest, which leaves signals to those who handled them before. */
  async open(): Promise<void> {
    this.#vitest = await keepingSignals(() =>
      createVitest({
        root: projectRoot,
        config: vitestConfig,
        configLoader,
        project: [this.#name],
        watch: false,
        reporters: [this.#reporter],
      }),
    );
  }

  /** Has the worker inject the fault that a run asks for. */
  injectFaults(): void {
    this.project.config.setupFiles.push(join(projectRoot, `harness/proof/setup${moduleEnding}`));
  }

  get project(): TestProject {
    const project = this.#running.projects.find((candidate) => candidate.name === this.#name);
    if (!project) throw new HarnessError(`vitest has no project ${this.#name}`);
    return project;
  }

  /** Runs a suite and yields what each test showed. */
  async run({ suite, reports, fault, mend, only, onProgress = () => {} }: RunOrder): Promise<CaseRun> {
    const startedAt = performance.now();
    this.#onProgress = onProgress;
    // A worker that died has not told the end of its tests.
    this.#underWay.clear();
    const { project } = this;
    const vitest = this.#running;
    rmSync(reports, { recursive: true, force: true });
    const { settings } = project.getProvidedContext();
    const tampered = { FAULT: fault || undefined, MEND: mend };
    project.provide("settings", { ...settings, ...tampered, REPORTS: reports });
    if (only) vitest.setGlobalTestNamePattern(new RegExp(`(^|[ >])(${only.join("|")}) `));
    else vitest.resetGlobalTestNamePattern();
    const all = await vitest.globTestSpecifications([`suites/${suite}/`]);
    const specifications = only ? citing(all, only) : all;
    if (specifications.length === 0) throw new HarnessError(`suites/${suite} has no test file`);
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
      errors: [
        ...readings.flatMap((reading) =>
          "fault" in reading ? [`${reading.fault.where}: ${reading.fault.message}`] : [],
        ),
        ...broken.map(({ message }) => message),
        ...result.unhandledErrors.map((error) => messageOf(error)),
      ],
      durationMs: performance.now() - startedAt,
      reports,
    };
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    await this.#vitest?.cancelCurrentRun("keyboard-input");
    await this.#vitest?.close();
    this.#vitest = undefined;
  }

  get #reporter(): Reporter {
    const underWay = this.#underWay;
    const tell = () => this.#onProgress([...underWay.values()].join(", "));
    return {
      onTestCaseReady({ id, name }) {
        underWay.set(id, name);
        tell();
      },
      onTestCaseAnnotate({ id, name }, { type, message }) {
        if (type !== howFarType || !underWay.has(id)) return;
        underWay.set(id, `${name} (${message})`);
        tell();
      },
      onTestCaseResult({ id }) {
        underWay.delete(id);
        tell();
      },
    };
  }

  get #running(): Vitest {
    if (!this.#vitest) throw new HarnessError(`the runner of ${this.#name} is not open`);
    return this.#vitest;
  }
}

/** The files of which a test is of one of these requirements, where those are not in every file. */
function citing(all: readonly TestSpecification[], ids: readonly string[]): TestSpecification[] {
  const judges: ReadonlySet<string> = judgesOfChapters;
  const own = ids.filter((id) => !judges.has(id));
  const found = all.filter(({ moduleId }) => {
    const text = readFileSync(moduleId, "utf8");
    return own.some((id) => text.includes(`"${id}"`));
  });
  return found.length > 0 ? found : [...all];
}
