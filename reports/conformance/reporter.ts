import { randomUUID } from "node:crypto";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { UserConsoleLog } from "vitest";
import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestRunEndReason,
  TestSpecification,
  Vitest,
} from "vitest/node";
import { everything, type Selection } from "#harness/conformance/run/selection.ts";
import { readGitHubStep } from "#harness/core/settings/github-step.ts";
import type { Settings } from "#harness/core/settings/settings.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { typed } from "#harness/core/typed.ts";
import { claimFolder } from "#reports/claim.ts";
import { formatDuration, plural } from "#reports/conformance/words.ts";
import { describeEnvironment, generator, type ToldSettings } from "#reports/environment.ts";
import {
  isEmpty,
  rememberVerdict,
  removeStaleReports,
  reportFiles,
  writeAtomically,
} from "#reports/files.ts";
import { tellGitHub } from "#reports/github/github.ts";
import { describeRunner, type Runner } from "#reports/seal/runner.ts";
import { sealStatement } from "#reports/seal/seal.ts";
import { installationOf, targetOf } from "#reports/target.ts";
import { writeTracePage } from "#reports/trace/write.ts";
import { formatFinished } from "./console/finished.ts";
import { InTurn } from "./console/in-turn.ts";
import { lookOf } from "./console/look.ts";
import { formatSummary } from "./console/summary.ts";
import { ownCost, readChapter } from "./cost/chapters.ts";
import { formatJUnit } from "./junit.ts";
import { readTest } from "./observation.ts";
import { type Origin, readOrigin } from "./origin.ts";
import { causeOfEnd } from "./outcome/causes.ts";
import type { Statement, SuiteError } from "./schema.ts";
import {
  buildStatement,
  type ExpectedTarget,
  isGreen,
  joinRounds,
  type Observation,
  type Round,
} from "./statement.ts";

/** What the reporter is told of the settings. */
export type ReporterSettings = ToldSettings & Pick<Settings, "REPORTS" | "IMPLEMENTATION">;

const unfinished = "the run has not finished: it is still going on, or it was killed";
const silenceMs = 8_000;

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
  readonly #look = lookOf(process.stdout);
  readonly #running = new Map<string, string>();
  readonly #versions = new Map<string, Record<string, string>>();
  readonly #origins = new Map<string, Origin>();
  /** Of the round that is under way; vitest knows those of earlier rounds as well. */
  readonly #modules = new Map<string, TestModule>();
  /** What the rounds before it have shown. */
  #earlier: Round[] = [];
  /** Causes that the console has told. */
  readonly #told = new Set<string>();
  readonly #turns = new InTurn<() => void>((tell) => tell());
  #vitest: Vitest | undefined;
  #active = false;
  #selected = 0;
  #ended = 0;
  #run = { id: randomUUID() as string, startedAt: new Date() };
  #lastPrinted = 0;
  #restoreVerdict = () => false;
  #runner: Runner | undefined;
  #ticker: NodeJS.Timeout | undefined;

  /** Writes into `REPORTS`. */
  constructor(settings: ReporterSettings, selection: Selection = everything) {
    this.#settings = settings;
    this.#selection = selection;
    this.#outputDir = settings.REPORTS;
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
    this.#ended = 0;
    this.#running.clear();
    this.#modules.clear();
    this.#told.clear();
    const { rounds, seed } = this.#selection;
    if (this.#earlier.length > 0) {
      this.#print(`\nround ${this.#earlier.length + 1} of ${rounds}`);
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
    this.#print(`${plural(judged.length, "test file")} on ${names.join(", ") || "no target"}`);
    if (rounds > 1) this.#print(`round 1 of ${rounds}`);
    if (seed !== undefined) this.#print(`chapters and tests in the order of --shuffle ${seed}`);
    this.#ticker = setInterval(() => this.#tellProgress(), 1_000).unref();
  }

  onTestModuleQueued(testModule: TestModule): void {
    this.#modules.set(testModule.id, testModule);
  }

  onTestModuleCollected(testModule: TestModule): void {
    this.#modules.set(testModule.id, testModule);
  }

  onTestCaseReady(testCase: TestCase): void {
    if (targetOf(testCase.project))
      this.#running.set(testCase.id, `${testCase.project.name} ${testCase.name}`);
  }

  onTestCaseResult(testCase: TestCase): void {
    this.#running.delete(testCase.id);
    const target = this.#targets().find(({ name }) => name === testCase.project.name);
    if (!this.#active || !target) return;
    const reading = readTest(testCase, target);
    if ("observation" in reading) this.#writePage(reading.observation);
    this.#turns.say(testCase.module.id, () => {
      if ("observation" in reading) return this.#tell(reading.observation);
      const { where, message } = reading.fault;
      this.#print(
        formatFinished(
          { target: target.name, test: where, outcome: "error", durationMs: 0, reason: message },
          this.#look,
        ),
      );
    });
  }

  /** Of what failed, while the rest still runs. */
  #writePage({ trace, target, test }: Observation): void {
    if (trace === undefined) return;
    try {
      writeTracePage(this.#outputDir, trace);
    } catch (error) {
      this.#print(`${target}  ${test}: no page was made of ${trace}: ${(error as Error).message}`);
    }
  }

  /** A cause that takes many requirements is told when it is first seen; who fails with the words of another says so in one line. */
  #tell(observation: Observation): void {
    const { target, outcome, cause, sawNothing } = observation;
    if (outcome === "not run" && !sawNothing) return;
    const found = causeOfEnd(observation);
    const key = `${target} ${found?.id}`;
    const again = found !== undefined && this.#told.has(key);
    this.#told.add(key);
    if (again && cause) return;
    // The test that met it first stands for none of the others.
    const test = cause ? `${cause.kind}: ${cause.what}` : observation.test;
    const { reproduce, ...short } = { ...observation, test, reason: `as before: ${found?.what}` };
    this.#print(formatFinished(again ? short : { ...observation, test }, this.#look));
  }

  onUserConsoleLog(log: UserConsoleLog): void {
    if (!this.#active) return;
    this.#lastPrinted = Date.now();
    (log.type === "stderr" ? process.stderr : process.stdout).write(log.content);
  }

  onTestModuleEnd(testModule: TestModule): void {
    this.#modules.set(testModule.id, testModule);
    if (!this.#active || !targetOf(testModule.project)) return;
    this.#ended += 1;
    this.#turns.end(testModule.id);
    this.#write(this.#state([unfinished]));
  }

  onTestRunEnd(
    testModules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    if (!this.#active) return;
    this.#turns.finish();
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
    clearInterval(this.#ticker);
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
    this.#turns.finish();
    const statement = this.#state(["the process was ended before the run had ended"], [], new Date());
    const results = statement.targets.flatMap((target) => target.results);
    if (exitCode === callersMistake && results.every(({ outcome }) => outcome === "not run")) {
      // A mistake in a command is no reason to lose what failed before it.
      if (!this.#restoreVerdict()) this.#write(statement);
      // The mistake has been told, and a table without an outcome would bury it.
      this.#print("The run is incomplete: nothing was judged");
      return;
    }
    this.#finish(statement);
  }

  #finish(unsealed: Statement): void {
    const statement = sealStatement(unsealed, this.#outputDir);
    this.#write(statement);
    this.#print(`\n${formatSummary(statement, this.#describeFiles(), this.#look)}`);
    const step = readGitHubStep();
    if (step) for (const annotation of tellGitHub(statement, step)) this.#print(annotation);
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

  #read(): { observations: Observation[]; errors: SuiteError[] } {
    const observations: Observation[] = [];
    const errors: SuiteError[] = [];
    for (const testModule of this.#modules.values()) {
      this.#keepVersions(testModule);
      const target = this.#targets().find(({ name }) => name === testModule.project.name);
      const where = { ...(target ? { target: target.name } : {}) };
      for (const owner of [testModule, ...testModule.children.allSuites()]) {
        for (const error of owner.errors()) {
          const name = owner.type === "module" ? "" : ` › ${owner.fullName}`;
          errors.push({
            ...where,
            where: `${testModule.relativeModuleId}${name}`,
            message: messageOf(error),
          });
        }
      }
      for (const testCase of testModule.children.allTests()) {
        if (target) {
          const reading = readTest(testCase, target);
          if ("fault" in reading) errors.push(reading.fault);
          else observations.push(reading.observation);
        } else if (testCase.result().state === "failed") {
          const message = (testCase.result().errors ?? []).map(messageOf).join("\n");
          errors.push({ where: `${testModule.relativeModuleId} › ${testCase.fullName}`, message });
        }
      }
    }
    return { observations, errors };
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
      mainProcess: ownCost(),
      environment: describeEnvironment(this.#settings),
      targets: this.#targets(),
    });
  }

  #write(statement: Statement): void {
    const { statement: json, junit } = reportFiles;
    writeAtomically(join(this.#outputDir, json), `${JSON.stringify(statement, null, 2)}\n`);
    writeAtomically(join(this.#outputDir, junit), formatJUnit(statement));
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

  #tellProgress(): void {
    // A person who was asked something is not talked over.
    if (this.#selection.pause !== undefined || Date.now() - this.#lastPrinted < silenceMs) return;
    const elapsed = formatDuration(Date.now() - this.#run.startedAt.getTime());
    const now = [...this.#running.values()].slice(0, 3).join(", ") || "getting the targets ready";
    const more = this.#running.size > 3 ? ` and ${this.#running.size - 3} more` : "";
    this.#print(`  ${elapsed}, ${this.#ended}/${this.#selected} files done; now: ${now}${more}`);
  }

  #print(text: string): void {
    this.#lastPrinted = Date.now();
    process.stdout.write(`${text}\n`);
  }
}

function whyIncomplete(
  testModules: readonly TestModule[],
  unhandledErrors: readonly SerializedError[],
  reason: TestRunEndReason,
  selected: number,
  observations: readonly Observation[],
): string[] {
  const because: string[] = [];
  const judged = testModules.filter(({ project }) => targetOf(project) !== undefined);
  const broken = judged.filter((testModule) => testModule.errors().length > 0);
  const open = judged.filter((testModule) => ["pending", "queued"].includes(testModule.state()));
  const pending = judged.flatMap((testModule) => [...testModule.children.allTests("pending")]);
  const names = (modules: readonly TestModule[]) =>
    modules.map(({ project, relativeModuleId }) => `${project.name} ${relativeModuleId}`).join(", ");
  if (reason === "interrupted") because.push("it was interrupted before every selected test had run");
  if (unhandledErrors.length > 0) because.push(`${plural(unhandledErrors.length, "unhandled error")}`);
  if (broken.length > 0) because.push(`not every file ran: ${names(broken)}`);
  if (open.length > 0) because.push(`not every file ended: ${names(open)}`);
  if (pending.length > 0) because.push(`${plural(pending.length, "test")} did not end`);
  if (judged.length < selected) because.push(`${plural(selected - judged.length, "file")} never started`);
  if (observations.every(({ outcome }) => outcome === "not run")) {
    because.push(selected === 0 ? "nothing ran: no test file was selected" : "nothing ran");
  }
  return because;
}

/** Message, place and causes of an error, without the frames that only vitest cares for. */
function messageOf(error: SerializedError): string {
  const text = error.message ?? error.stack ?? JSON.stringify(error);
  const named = error.name && error.name !== "Error" ? `${error.name}: ${text}` : text;
  const place = error.stack
    ?.split("\n")
    .find((line) => /^\s+at /.test(line) && !/node_modules|\(?node:/.test(line));
  const cause = error.cause ? `caused by ${messageOf(error.cause as SerializedError)}` : undefined;
  return stripVTControlCharacters([named, place?.trim(), cause].filter(Boolean).join("\n"));
}
