import { join } from "node:path";
import { afterAll, beforeAll, describe, inject, type TaskMeta, TestRunner, test } from "vitest";
import { announce } from "#harness/core/async/events.ts";
import { within } from "#harness/core/async/poll.ts";
import { NotRemoved, Scope } from "#harness/core/async/scope.ts";
import { Blocked, messageOf, Unsupported } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import type { Host } from "#harness/host/host.ts";
import { recordCommands } from "#harness/host/transcript.ts";
import { type Cost, joinCosts } from "#harness/observe/cost/cost.ts";
import { lookMs, View } from "#harness/observe/second-look/view.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import { type ConformanceMeta, type Outcome, outcomeOf, type TargetContext } from "./outcome.ts";
import { inOrder, type Place } from "./run/selection.ts";
import { CostMeter } from "./suite/cost-meter.ts";
import type { Collected } from "./suite/record/collected.ts";
import { conclude, withLastCommands } from "./suite/record/conclude.ts";
import { evidenceFolder } from "./suite/record/evidence-files.ts";
import { reportingHowFar } from "./suite/record/how-far.ts";
import { evidenceDeadlineMs, TestRecord } from "./suite/record/record.ts";
import { Shares } from "./suite/shares.ts";
import type { Shared, TestTools } from "./suite/tools.ts";
import { Tries, tryMs, type UndeclaredTest } from "./suite/undeclared.ts";
import { workerSelection, workerSettings } from "./suite/worker-settings.ts";

declare module "vitest" {
  interface TaskMeta {
    conformance?: ConformanceMeta;
    /** Of a file: names and versions of what was found installed. */
    versions?: Readonly<Record<string, string>>;
    /** Of a file: what its suites used. */
    cost?: Cost;
  }
  interface ProvidedContext {
    target: TargetContext;
    /** Whether several chapters of the target run at the same time, each on a cluster of its own. */
    sideBySide: boolean;
  }
}

export interface SuiteOptions<Context extends object> {
  /** Folder of the suite. */
  chapter: string;
  /** Opens what the tests of a file, told by its path, work on; `scope` closes after the last test. */
  open: (scope: Scope, file: string) => Promise<Context>;
  /**
   * Whether the environment and the driver can do what a requirement needs; throws `Blocked` or `Unsupported`. Without a context
   * where nothing could be opened.
   */
  admit?: (id: RequirementId, context: Context | undefined) => Promise<void>;
  /** What a test really ended with, e.g. where that on which everything rests has died. Must not throw. */
  blame?: (context: Context, failure: unknown) => Promise<unknown>;
  /** Takes evidence after a failure of a test that began then (epoch ms), before anything is torn down. Bounded by the caller in time and size. */
  collect?: (context: Context, since: number) => Promise<Collected>;
  /** Hosts that the packets of a test may cross, where a check that fails is to tell on which hop it was lost. */
  hosts?: (context: Context) => readonly Host[];
  /** Hosts that work for the suite alone while it runs, whose processors and memory count as its cost. */
  works?: (context: Context) => readonly Host[];
  /** Names and versions of what is installed, for the statement. */
  versions?: (context: Context) => Readonly<Record<string, string>>;
  /**
   * Capabilities that keep a requirement from being supported, where it is to be tried all the same: if it holds, that is
   * worth telling. Empty for one that is not tried. Asked when the tests are defined.
   */
  tries?: (id: RequirementId) => readonly string[];
  /**
   * Called before a test that `breaks` something; what it resolves to is called with what that test failed with, when everything that it made is
   * removed, and resolves to what the test really ended with where that is known by then.
   */
  watch?: (context: Context, id: RequirementId) => Promise<(failure: unknown) => Promise<unknown>>;
  /** Called when what was tried is removed, before the next suite begins. Must not throw. */
  afterTries?: (context: Context) => Promise<void>;
  /** How long a test may take; default 60 000 ms. `PATIENCE` makes it longer. */
  deadlineMs?: number;
  /** How long opening and closing may take; default 120 000 ms. `PATIENCE` makes it longer. */
  hookMs?: number;
}

export interface TestOptions {
  /** No other test runs at the same time. */
  readonly alone?: boolean;
  /** How long the test may take, in milliseconds; default: what the suite says. */
  readonly deadlineMs?: number;
  /** It ends or restarts what plugin or engine rely on, so that what is left after its failure may follow from that. */
  readonly breaks?: boolean;
  /** It judges the suite as a whole, and keeps its place in whatever order the others run. */
  readonly place?: "first" | "last";
  /** What the body must have seen, told by `saw`: where it saw nothing of one, the outcome is `not run`, and never `passed`. */
  readonly sees?: readonly string[];
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
    options?: TestOptions,
  ): void;
  /** Declares something that several tests share. */
  shared<T>(what: string, make: (context: Context & { scope: Scope }) => Promise<T>): Shared<T>;
  /** Closes the scope of the suite and everything shared; used by a last test that looks for leftovers. */
  finish(): Promise<void>;
}

/**
 * A suite of requirements over one context. Everything that decides an outcome is here:
 * what is unsupported or blocked, what counts as failed and what as an error.
 */
export function conformanceSuite<Context extends object>(
  options: SuiteOptions<Context>,
  define: (suite: Suite<Context>) => void,
): void {
  const settings = workerSettings();
  const target = inject("target");
  const scope = new Scope(options.chapter);
  let opened: Promise<Context> | undefined;
  let file = "";
  const meter = new CostMeter();
  const open = () => {
    opened ??= options.open(scope, file).then(async (context) => {
      await meter.begin(options.works?.(context) ?? []);
      return context;
    });
    return opened;
  };
  const { deadlineMs = 60_000, hookMs = 120_000 } = options;
  const folder = evidenceFolder(settings.REPORTS, target);

  const shares = new Shares(scope);
  const tries = new Tries();
  /** Left by the tests, which alone know the file that they are in. */
  let fileMeta: TaskMeta | undefined;
  const selection = workerSelection();
  /** Of the tests, in the order in which they are written. */
  const places: Place[] = [];
  // Last and one by one, when everything that counts has been judged.
  const registerTries: (() => void)[] = [];

  /** A test whose outcome is what `run` ends with. */
  const register = (
    { id, title, ...how }: { id: RequirementId; title: string; concurrent: boolean; timeout: number },
    run: (record: TestRecord) => Promise<void>,
  ) => {
    // A test that pauses waits for a person.
    const timeout = selection.pause === undefined ? how.timeout : 0;
    test(`${id} ${title}`, { ...how, timeout }, async (vitest) => {
      const record = new TestRecord(id, title, options.chapter, target);
      vitest.task.meta.conformance = record.meta;
      fileMeta = vitest.task.file.meta;
      const context = await open().catch(() => undefined);
      if (context && options.versions) fileMeta.versions = options.versions(context);
      const measuring = await meter.test();
      const { entries, done } = recordCommands(id, () => reportingHowFar(vitest, () => run(record)));
      const failure = await done.then(
        () => undefined,
        (error: unknown) => withLastCommands(error, entries),
      );
      record.finish(failure, entries, join(folder, options.chapter), settings.REPORTS);
      if (inapplicable.includes(record.meta.outcome)) measuring.forget();
      else record.meta.cost = await measuring.cost();
      conclude(vitest, record.meta, failure);
    });
  };

  /** The context for a requirement; what does not apply is told as such, also where there is no context. */
  const admitted = async (id: RequirementId): Promise<Context> => {
    const context = await open().catch(async (failure: unknown) => {
      if (!(failure instanceof Blocked)) await options.admit?.(id, undefined);
      throw failure;
    });
    await options.admit?.(id, context);
    return context;
  };

  /** What there was no connection for goes with the suite, before anybody looks for what is left. */
  const removeLater = (error: unknown, record: TestRecord) => {
    if (!(error instanceof NotRemoved) || error.unreached.length === 0 || scope.closed) return;
    for (const { what, remove } of error.unreached) scope.defer(what, remove);
    const what = error.unreached.map((removal) => removal.what).join(", ");
    record.note(
      `not removed when the test ended, but with the chapter, since the connection was lost: ${what}`,
    );
  };

  const suite: Suite<Context> = {
    requirement(
      id,
      title,
      body,
      { alone = false, deadlineMs: own = deadlineMs, breaks = false, place, sees = [] } = {},
    ) {
      // What takes longer than others is not worth it.
      const missing = own > deadlineMs ? [] : (options.tries?.(id) ?? []);
      if (missing.length > 0) tryLater(missing);
      else {
        const timeout = scaled(own + toldMs + evidenceDeadlineMs + 30_000);
        register({ id, title, concurrent: !alone, timeout }, judge);
        places.push(place ?? "anywhere");
      }

      function tryLater(missing: readonly string[]): void {
        // What a try says and keeps is of use only where it counts.
        const unread = new TestRecord(id, title, options.chapter, target);
        const undeclared: UndeclaredTest = {
          requirement: id,
          missing,
          body: async (own) => {
            await body({ ...(await open()), ...unread.tools(own) });
            unread.expectSeen(sees);
          },
        };
        tries.plan(undeclared);
        const how = { concurrent: false, timeout: scaled(tryMs + 60_000) };
        registerTries.push(() =>
          register({ id, title, ...how }, async (record) => {
            try {
              await admitted(id);
            } catch (error) {
              if (!(error instanceof Unsupported)) throw error;
              shares.separate();
              if (await tries.try(undeclared)) {
                record.note(`it holds although ${target.driver} does not declare ${missing.join(" and ")}`);
              }
              throw error;
            }
            await judge(record);
          }),
        );
      }

      async function judge(record: TestRecord): Promise<void> {
        const testScope = new Scope(`${options.chapter} › ${id}`);
        let context: Context | undefined;
        let failure: unknown;
        let view: View | undefined;
        let failed: ((failure: unknown) => Promise<unknown>) | undefined;
        const lookInto = async (error: unknown) => {
          const opened = context;
          if (!opened || !isBroken(error)) return;
          failure = (await options.blame?.(opened, error)) ?? error;
          await record.collect(async (since) => (await options.collect?.(opened, since)) ?? { files: [] });
          const reason = messageOf(failure);
          await announce("requirement failed", { requirement: id, reason });
        };
        try {
          context = await admitted(id);
          if (breaks) failed = await options.watch?.(context, id);
          await announce("requirement begins", { requirement: id, scope: testScope });
          const given = { ...context, ...record.tools(testScope) };
          view = new View(options.hosts?.(context) ?? []);
          record.looks = view.looks;
          const looked = view;
          const work = looked.run(() =>
            body(given).catch(async (error: unknown) => {
              if (isBroken(error)) await record.runLine();
              throw error;
            }),
          );
          work.catch(() => {});
          await within({ what: `${id} to finish`, deadlineMs: own }, work).catch((error: unknown) => {
            // What has failed by then is told with what was seen of it.
            if (!looked.isBusy) throw error;
            return within({ what: `the failure of ${id} to be looked into`, deadlineMs: toldMs }, work);
          });
          record.expectSeen(sees);
        } catch (error) {
          failure = error;
          if (view && view.tookMs > 0) record.meta.lookedIntoMs = view.tookMs;
          await lookInto(error);
        }
        for (const text of view?.told ?? []) record.note(text);
        await testScope.close().catch(async (error: unknown) => {
          removeLater(error, record);
          if (failure) return;
          failure = error;
          await lookInto(error);
        });
        if (!failure) return;
        // Nothing is concluded from what cannot be looked at.
        const really = isBroken(failure) ? await failed?.(failure).catch(() => undefined) : undefined;
        throw really ?? failure;
      }
    },

    shared<T>(what: string, make: (context: Context & { scope: Scope }) => Promise<T>) {
      const shared: Shared<T> = {
        what,
        make: () => shares.of(shared, async (among) => make({ ...(await open()), scope: among })),
      };
      return shared;
    },

    finish: () => scope.close(),
  };

  describe(options.chapter, () => {
    beforeAll(async () => {
      await open().catch(() => {});
    }, scaled(hookMs));
    afterAll(async () => {
      try {
        if (await shares.closeSeparate()) await options.afterTries?.(await open());
        await scope.close();
      } finally {
        const cost = await meter.end();
        if (fileMeta) fileMeta.cost = fileMeta.cost ? joinCosts([fileMeta.cost, cost]) : cost;
      }
    }, scaled(hookMs));
    define(suite);
    const { tasks, file: own } = TestRunner.getCurrentSuite();
    file = own.filepath;
    tasks.splice(0, tasks.length, ...inOrder(tasks, places, selection, options.chapter));
    for (const registerTry of registerTries) registerTry();
  });
}

/** Until a failure that is being looked into is told. */
const toldMs = lookMs + 2_000;

/** Outcomes of a test that tried nothing. */
const inapplicable: readonly Outcome[] = ["unsupported", "blocked", "not run"];

function isBroken(error: unknown): boolean {
  return ["failed", "error", "engine at fault"].includes(outcomeOf(error));
}
