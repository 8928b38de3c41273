import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, inject, type TestContext, test } from "vitest";
import { Blocked, DeadlineExceeded, HarnessError, Unsupported } from "#harness/core/errors.ts";
import { announce } from "#harness/core/events.ts";
import { within } from "#harness/core/poll.ts";
import { Scope } from "#harness/core/scope.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { readSettings } from "#harness/core/settings/settings.ts";
import { describeEntry, recordCommands, type TranscriptEntry } from "#harness/host/transcript.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { type ConformanceMeta, outcomeOf, type TargetContext } from "./outcome.ts";

declare module "vitest" {
  interface TaskMeta {
    conformance?: ConformanceMeta;
  }
  interface ProvidedContext {
    target: TargetContext;
  }
}

/** What every test body gets besides the suite's own context. */
export interface TestTools {
  /** Closes when the test ends; what the test makes registers its removal here. */
  readonly scope: Scope;
  /** Resolves something that several tests of the suite share, making it on first use. */
  use<T>(shared: Shared<T>): Promise<T>;
  /** Says something worth telling although the outcome stands. */
  note(text: string): void;
  /** Records a measured fact, so that a change between engines shows. */
  fact(name: string, value: string | number | boolean): void;
  /** Keeps a file as evidence if this test fails. */
  keep(file: EvidenceFile): void;
  /** The line by which a person shows a failure of this test by hand. */
  reproduce(line: string): void;
}

/** Something expensive that the tests of one suite share; made once, on first use, removed with the suite. */
export interface Shared<T> {
  readonly what: string;
  readonly make: () => Promise<T>;
}

export interface SuiteOptions<Context extends object> {
  /** Folder of the suite. */
  chapter: string;
  /** Opens what the tests work on; `scope` closes after the last test. */
  open: (scope: Scope) => Promise<Context>;
  /** Whether the environment and the driver can do what a requirement needs; throws `Blocked` or `Unsupported`. */
  admit?: (id: RequirementId, context: Context) => Promise<void>;
  /** Evidence to collect after a failure, before anything is torn down. Bounded by the caller in time and size. */
  collect?: (context: Context) => Promise<EvidenceFile[]>;
  /** Whether to try a requirement that is unsupported all the same: if it holds, that is worth telling. */
  tries?: (id: RequirementId) => boolean;
  /** How long a test may take; default 60 000 ms. `PATIENCE` makes it longer. */
  deadlineMs?: number;
  /** How long opening and closing may take; default 120 000 ms. `PATIENCE` makes it longer. */
  hookMs?: number;
}

export interface Suite<Context extends object> {
  /**
   * One test that shows one requirement. Tests run concurrently unless `alone` is set.
   * The id must be in the catalogue; `title` tells tests of one requirement apart.
   */
  requirement(
    id: RequirementId,
    title: string,
    body: (test: Context & TestTools) => Promise<void>,
    options?: { alone?: boolean; deadlineMs?: number },
  ): void;
  /** Declares something that several tests share. */
  shared<T>(what: string, make: (context: Context & { scope: Scope }) => Promise<T>): Shared<T>;
  /** Closes the scope of the suite and everything shared; used by a last test that looks for leftovers. */
  finish(): Promise<void>;
}

const evidenceDeadlineMs = 20_000;
const evidenceLimitBytes = 8 * 1024 * 1024;

/**
 * A suite of requirements over one context. Everything that decides an outcome is here:
 * what is unsupported or blocked, what counts as failed and what as an error.
 */
export function conformanceSuite<Context extends object>(
  options: SuiteOptions<Context>,
  define: (suite: Suite<Context>) => void,
): void {
  const settings = readSettings();
  const target = inject("target");
  const scope = new Scope(options.chapter);
  let opened: Promise<Context> | undefined;
  const open = () => {
    opened ??= options.open(scope);
    return opened;
  };
  const { deadlineMs = 60_000, hookMs = 120_000 } = options;
  const folder = join(settings.REPORTS, "evidence", `${target.driver}@${target.engine}`.replaceAll("/", "_"));

  const suite: Suite<Context> = {
    requirement(id, title, body, { alone = false, deadlineMs: own = deadlineMs } = {}) {
      const limit = scaled(own + evidenceDeadlineMs + 30_000);
      test(`${id} ${title}`, { concurrent: !alone, timeout: limit }, async (vitest) => {
        const record = new TestRecord(id, options.chapter, target);
        vitest.task.meta.conformance = record.meta;
        const testScope = new Scope(`${options.chapter} › ${id}`);
        const { entries, done } = recordCommands(id, async () => {
          let context: Context | undefined;
          let failure: unknown;
          try {
            context = await open();
            await options.admit?.(id, context);
            await announce("requirement begins", { requirement: id, scope: testScope });
            const tools = record.tools(testScope);
            const work = body({ ...context, ...tools });
            work.catch(() => {});
            await within({ what: `${id} to finish`, deadlineMs: own }, work);
          } catch (error) {
            failure = error;
            if (context && ["failed", "error"].includes(outcomeOf(error))) {
              await record.collect(() => options.collect?.(context as Context) ?? Promise.resolve([]));
            }
          }
          await testScope.close().catch((error: unknown) => {
            failure ??= error;
          });
          if (failure) throw failure;
        });
        const failure = await done.then(
          () => undefined,
          (error: unknown) => explain(error, entries),
        );
        record.finish(failure, entries, join(folder, options.chapter), settings.REPORTS);
        conclude(vitest, record.meta, failure);
      });
    },

    shared(what, make) {
      let made: ReturnType<typeof make> | undefined;
      return {
        what,
        make: () => {
          made ??= open().then((context) => make({ ...context, scope }));
          return made;
        },
      };
    },

    finish: () => scope.close(),
  };

  describe(options.chapter, () => {
    beforeAll(async () => {
      await open().catch(() => {});
    }, scaled(hookMs));
    afterAll(() => scope.close(), scaled(hookMs));
    define(suite);
  });
}

/** A failing test throws, one that does not apply is skipped with its reason. */
function conclude(vitest: TestContext, meta: ConformanceMeta, failure: unknown): void {
  if (failure === undefined) return;
  if (meta.outcome === "blocked" || meta.outcome === "unsupported") {
    vitest.skip(`${meta.outcome}: ${meta.reason}`);
  }
  throw failure;
}

/** Adds the last commands to an error that would otherwise say only that time ran out. */
function explain(error: unknown, entries: readonly TranscriptEntry[]): unknown {
  if (!(error instanceof DeadlineExceeded) || entries.length === 0) return error;
  const last = entries.slice(-3).map((entry) => `  ${describeEntry(entry)}`);
  return new HarnessError(`${error.message}\n  last commands:\n${last.join("\n")}`, { cause: error });
}

/** Gathers what one test leaves behind for the reports. */
class TestRecord {
  readonly meta: ConformanceMeta;
  readonly #startedAt = performance.now();
  readonly #kept: EvidenceFile[] = [];
  readonly #collected: EvidenceFile[] = [];

  constructor(requirement: RequirementId, chapter: string, target: TargetContext) {
    this.meta = {
      requirement,
      driver: target.driver,
      engine: target.engine,
      chapter,
      outcome: "not run",
      durationMs: 0,
    };
  }

  tools(scope: Scope): TestTools {
    const { meta } = this;
    return {
      scope,
      use: (shared) => shared.make(),
      note: (text) => {
        meta.notes = [...(meta.notes ?? []), text];
      },
      fact: (name, value) => {
        meta.facts = { ...meta.facts, [name]: value };
      },
      keep: (file) => {
        this.#kept.push(file);
      },
      reproduce: (line) => {
        meta.reproduce = line;
      },
    };
  }

  /** Tries what the driver does not declare; that it fails is as it should be, that it works is a note. */
  async tryUndeclared(attempt: () => Promise<void>): Promise<void> {
    const { notes, facts } = this.meta;
    const works = await attempt().then(
      () => true,
      () => false,
    );
    this.meta.notes = notes ?? [];
    if (works) this.meta.notes = [...this.meta.notes, "it holds although the driver does not declare it"];
    if (facts) this.meta.facts = facts;
    else delete this.meta.facts;
  }

  async collect(work: () => Promise<EvidenceFile[]>): Promise<void> {
    try {
      const files = await within({ what: "the evidence", deadlineMs: evidenceDeadlineMs }, work());
      this.#collected.push(...files);
    } catch (error) {
      this.#collected.push({ name: "evidence-incomplete.txt", content: String(error) });
    }
  }

  finish(failure: unknown, entries: readonly TranscriptEntry[], folder: string, reports: string): void {
    const { meta } = this;
    meta.durationMs = performance.now() - this.#startedAt;
    meta.outcome = failure === undefined ? "passed" : outcomeOf(failure);
    if (failure !== undefined) meta.reason = failure instanceof Error ? failure.message : String(failure);
    if (meta.outcome === "blocked" || meta.outcome === "unsupported") return;

    const own = join(folder, meta.requirement);
    mkdirSync(own, { recursive: true });
    const transcript = join(own, "transcript.jsonl");
    writeFileSync(transcript, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""), { flag: "a" });
    meta.transcript = relative(reports, transcript);
    if (meta.outcome === "passed") return;

    let left = evidenceLimitBytes;
    meta.evidence = [...this.#kept, ...this.#collected].flatMap(({ name, content }) => {
      if (content.length > left) return [];
      left -= content.length;
      const path = join(own, name.replaceAll("/", "_"));
      writeFileSync(path, content);
      return [relative(reports, path)];
    });
  }
}

export { Blocked, Unsupported };
