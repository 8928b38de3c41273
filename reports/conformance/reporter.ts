import { randomUUID } from "node:crypto";
import { loadavg } from "node:os";
import { join, relative } from "node:path";
import type { TestAnnotation, UserConsoleLog } from "vitest";
import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestRunEndReason,
  TestSpecification,
  Vitest,
} from "vitest/node";
import { howFarType } from "#harness/conformance/outcome.ts";
import { everything, type Selection } from "#harness/conformance/run/selection.ts";
import { writeInOneStep } from "#harness/core/process/draft.ts";
import { readGitHubStep } from "#harness/core/settings/github-step.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { typed } from "#harness/core/typed.ts";
import { claimFolder } from "#reports/claim.ts";
import { plural } from "#reports/conformance/words.ts";
import { describeEnvironment, generator, type ToldSettings } from "#reports/environment.ts";
import { isEmpty, rememberVerdict, removeStaleReports, reportFiles } from "#reports/files.ts";
import { tellGitHub } from "#reports/github/github.ts";
import { describeRunner, type Runner } from "#reports/seal/runner.ts";
import { sealStatement } from "#reports/seal/seal.ts";
import { installationOf, targetOf } from "#reports/target.ts";
import { writeTracePage } from "#reports/trace/write.ts";
import { RunConsole } from "./console/run-console.ts";
import { formatSummary } from "./console/summary.ts";
import { ownCost, readChapter } from "./cost/chapters.ts";
import { describeGates } from "./gates/judge.ts";
import { formatJUnit } from "./junit.ts";
import { isGreen } from "./outcome/green.ts";
import { messageOf, readModules, whyIncomplete } from "./reading/modules.ts";
import { readTest } from "./reading/observation.ts";
import { type Origin, readOrigin } from "./reading/origin.ts";
import type { Statement, SuiteError } from "./schema.ts";
import {
  buildStatement,
  type ExpectedTarget,
  joinRounds,
  type Observation,
  type Round,
} from "./statement.ts";

/** What the reporter is told of the settings. */
export type ReporterSettings = ToldSettings & Pick<Settings, "REPORTS" | "IMPLEMENTATION">;

const unfinished = "the run has not finished: it is still going on, or it was killed";

/** Exit code of a run that its caller's mistake ended. */
const callersMistake = 2;

/**
 * vitest reporter: writes the conformance statement and JUnit, tells the run on the console and decides the exit code.
 * Projects that provide a `target` are judged; a run that selects only other projects is left alone.
 */
export default class ConformanceReporter implements Reporter {
  readonly #settings: ReporterSettings;
  readonly #selection: Selection;
  readonly #outputDir: string;
  readonly #console: RunConsole;
  readonly #versions = new Map<string, Record<string, string>>();
  readonly #origins = new Map<string, Origin>();
  /** Of the round that is under way; vitest knows those of earlier rounds as well. */
  readonly #modules = new Map<string, TestModule>();
  /** What the rounds before it have shown. */
  #earlier: Round[] = [];
  #vitest: Vitest | undefined;
  #active = false;
  #selected = 0;
  #run = { id: randomUUID() as string, startedAt: new Date() };
  #restoreVerdict = () => false;
  #runner: Runner | undefined;
  /** Highest load average of a minute that was seen. */
  #load = 0;

  /** Writes into `REPORTS`. */
  constructor(settings: ReporterSettings, selection: Selection = everything) {
    this.#settings = settings;
    this.#selection = selection;
    this.#outputDir = settings.REPORTS;
    this.#console = new RunConsole({ quiet: selection.pause !== undefined });
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    process.on("exit", (exitCode) => this.#endEarly(exitCode));
  }

  async onTestRunStart(specifications: readonly TestSpecification[]): Promise<void> {
    const judged = specifications.filter(({ project }) => targetOf(project) !== undefined);
    const active = this.#targets().length > 0 && (judged.length > 0 || specifications.length === 0);
    if (!active) return;
    this.#active = true;
    this.#selected = judged.length;
    this.#modules.clear();
    this.#console.beginRound(judged.length);
    const { rounds, seed } = this.#selection;
    if (this.#earlier.length > 0) {
      this.#console.say(`\nround ${this.#earlier.length + 1} of ${rounds}`);
      return;
    }
    await claimFolder(this.#outputDir).catch(endOnUsageError);
    this.#runner = describeRunner(this.#settings.IMPLEMENTATION);
    this.#run = { id: randomUUID(), startedAt: new Date() };
    await Promise.all(
      this.#targets().map(async (target) => this.#origins.set(target.name, await readOrigin(target))),
    );
    this.#restoreVerdict = rememberVerdict(this.#outputDir);
    removeStaleReports(this.#outputDir, Date.now() - process.uptime() * 1000);
    this.#write(this.#state([unfinished]));
    const names = [...new Set(judged.map(({ project }) => project.name))];
    this.#console.say(`${plural(judged.length, "test file")} on ${names.join(", ") || "no target"}`);
    if (rounds > 1) this.#console.say(`round 1 of ${rounds}`);
    if (seed !== undefined) this.#console.say(`chapters and tests in the order of --shuffle ${seed}`);
    this.#console.begin(this.#run.startedAt.getTime());
  }

  onTestModuleQueued(testModule: TestModule): void {
    this.#modules.set(testModule.id, testModule);
  }

  onTestModuleCollected(testModule: TestModule): void {
    this.#modules.set(testModule.id, testModule);
  }

  onTestCaseReady(testCase: TestCase): void {
    if (targetOf(testCase.project))
      this.#console.started(testCase.id, `${testCase.project.name} ${testCase.name}`);
  }

  onTestCaseAnnotate(testCase: TestCase, { type, message }: TestAnnotation): void {
    if (type === howFarType) this.#console.progressed(testCase.id, message);
  }

  onTestCaseResult(testCase: TestCase): void {
    this.#load = Math.max(this.#load, loadavg()[0] ?? 0);
    this.#console.ended(testCase.id);
    const target = this.#targets().find(({ name }) => name === testCase.project.name);
    if (!this.#active || !target) return;
    const reading = readTest(testCase, target);
    if ("observation" in reading) {
      this.#writePage(reading.observation);
      this.#console.tell(testCase.module.id, reading.observation);
      return;
    }
    const { where: test, message: reason } = reading.fault;
    const fault = { target: target.name, test, outcome: "error", durationMs: 0, reason } as const;
    this.#console.tell(testCase.module.id, fault);
  }

  /** Of what failed, while the rest still runs. */
  #writePage({ trace, target, test }: Observation): void {
    if (trace === undefined) return;
    try {
      writeTracePage(this.#outputDir, trace);
    } catch (error) {
      this.#console.say(`${target}  ${test}: no page was made of ${trace}: ${(error as Error).message}`);
    }
  }

  onUserConsoleLog(log: UserConsoleLog): void {
    if (!this.#active) return;
    this.#console.write(log.type === "stderr" ? process.stderr : process.stdout, log.content);
  }

  onTestModuleEnd(testModule: TestModule): void {
    this.#modules.set(testModule.id, testModule);
    if (!this.#active || !targetOf(testModule.project)) return;
    this.#console.endFile(testModule.id);
    this.#write(this.#state([unfinished]));
  }

  onTestRunEnd(
    testModules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    if (!this.#active) return;
    this.#console.finishRound();
    const { observations } = this.#read();
    const because = whyIncomplete(testModules, unhandledErrors, reason, this.#selected, observations);
    const errors = unhandledErrors.map(
      (error): SuiteError => ({ where: "unhandled error", message: messageOf(error) }),
    );
    const { rounds } = this.#selection;
    if (reason !== "interrupted" && this.#earlier.length + 1 < rounds) {
      this.#earlier.push(this.#round(because, errors));
      this.#modules.clear();
      return;
    }
    this.#active = false;
    this.#console.finish();
    this.#finish(this.#state(because, errors, new Date()));
    this.#earlier = [];
  }

  /** The round that is under way, as far as it has come. */
  #round(because: readonly string[], moreErrors: readonly SuiteError[]): Round {
    const { observations, errors } = this.#read();
    const judged = [...this.#modules.values()].filter(({ project }) => targetOf(project) !== undefined);
    const chapters = judged.flatMap((testModule) => readChapter(testModule) ?? []);
    return { observations, chapters, errors: [...errors, ...moreErrors], incompleteBecause: [...because] };
  }

  /** The process ends before vitest said that the run did. */
  #endEarly(exitCode: number): void {
    if (!this.#active) return;
    this.#active = false;
    this.#console.finish();
    const statement = this.#state(["the process was ended before the run had ended"], [], new Date());
    const results = statement.targets.flatMap((target) => target.results);
    if (exitCode === callersMistake && results.every(({ outcome }) => outcome === "not run")) {
      // A mistake in a command is no reason to lose what failed before it.
      if (!this.#restoreVerdict()) this.#write(statement);
      // The mistake has been told, and a table without an outcome would bury it.
      this.#console.say("The run is incomplete: nothing was judged");
      return;
    }
    this.#finish(statement);
  }

  #finish(unsealed: Statement): void {
    const statement = sealStatement(unsealed, this.#outputDir);
    this.#write(statement);
    this.#console.say(`\n${formatSummary(statement, this.#describeFiles(), this.#console.look)}`);
    for (const line of describeGates(statement.gates ?? [])) this.#console.say(line);
    const step = readGitHubStep();
    if (step) for (const annotation of tellGitHub(statement, step)) this.#console.say(annotation);
    // What ended the process early has said why.
    if (!isGreen(statement)) process.exitCode ||= 1;
  }

  #targets(): ExpectedTarget[] {
    return (this.#vitest?.projects ?? []).flatMap((project) => {
      const context = targetOf(project);
      if (!context) return [];
      const [origin, installation] = [this.#origins.get(project.name), installationOf(project)];
      return [
        {
          ...context,
          name: project.name,
          versions: this.#versions.get(project.name) ?? {},
          ...(origin ? { origin } : {}),
          ...(installation ? { installation } : {}),
        },
      ];
    });
  }

  #read(): ReturnType<typeof readModules> {
    for (const testModule of this.#modules.values()) this.#keepVersions(testModule);
    return readModules(this.#modules.values(), this.#targets());
  }

  /** Suites leave what they found installed on `file.meta.versions`. */
  #keepVersions(testModule: TestModule): void {
    const { versions } = testModule.meta() as { versions?: Record<string, string> };
    if (!versions) return;
    const { name } = testModule.project;
    this.#versions.set(name, { ...this.#versions.get(name), ...versions });
  }

  #state(
    incompleteBecause: readonly string[],
    moreErrors: readonly SuiteError[] = [],
    finishedAt?: Date,
  ): Statement {
    const rounds = [...this.#earlier, this.#round(incompleteBecause, moreErrors)];
    return buildStatement({
      ...(this.#runner ?? { generator }),
      id: this.#run.id,
      startedAt: this.#run.startedAt,
      ...(finishedAt ? { finishedAt } : {}),
      durationMs: Date.now() - this.#run.startedAt.getTime(),
      ...joinRounds(rounds, this.#selection),
      load: Math.round(this.#load * 100) / 100,
      mainProcess: ownCost(),
      environment: describeEnvironment(this.#settings),
      targets: this.#targets(),
      ...(this.#selection.gates ? { gates: this.#selection.gates } : {}),
    });
  }

  #write(statement: Statement): void {
    const { statement: json, junit } = reportFiles;
    writeInOneStep(join(this.#outputDir, json), `${JSON.stringify(statement, null, 2)}\n`);
    writeInOneStep(join(this.#outputDir, junit), formatJUnit(statement));
  }

  #describeFiles(): Record<string, string> {
    const path = (name: string) => {
      const full = join(this.#outputDir, name);
      const near = relative(process.cwd(), full);
      return near.startsWith("..") ? full : near;
    };
    return {
      statement: path(reportFiles.statement),
      JUnit: path(reportFiles.junit),
      ...(isEmpty(join(this.#outputDir, reportFiles.evidence))
        ? {}
        : { evidence: path(reportFiles.evidence) }),
      Allure: typed("report"),
    };
  }
}
