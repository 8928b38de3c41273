import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import {
  type ConformanceMeta,
  outcomeOf,
  SetUpFailed,
  type TargetContext,
} from "#harness/conformance/outcome.ts";
import type { TestTools } from "#harness/conformance/suite/tools.ts";
import { within } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, NothingSeen } from "#harness/core/errors.ts";
import { type Cause, causeOf } from "#harness/core/failure/cause.ts";
import { placeOf } from "#harness/core/failure/place.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import type { TranscriptEntry } from "#harness/host/transcript.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import { marked, markOf, type NotRun, outsideBody } from "#harness/observe/second-look/mark.ts";
import { type Look, viewHere } from "#harness/observe/second-look/view.ts";
import { promiseOf } from "#suites/requirements/applicability/docker-promise.ts";
import { type RequirementId, requirementOf } from "#suites/requirements/catalogue.ts";
import type { Collected } from "./collected.ts";
import { takeFolder, writeEvidence } from "./evidence-files.ts";
import { buildTrace } from "./trace/build.ts";
import type { Trace } from "./trace/schema.ts";
import { writeTrace } from "./trace/write.ts";

/** Time for the evidence of one failed test: the clocks, and then all looks at once. */
export const evidenceDeadlineMs = 25_000;

/** Gathers what one test leaves behind for the reports. */
export class TestRecord {
  readonly meta: ConformanceMeta;
  readonly #reference: string;
  readonly #test: string;
  readonly #startedAt = Date.now();
  readonly #begun = performance.now();
  #failedAt: number | undefined;
  #collectedAt: number | undefined;
  readonly #kept: EvidenceFile[] = [];
  /** Of those, what is kept where the test passes too. */
  readonly #always: EvidenceFile[] = [];
  #collected: Collected = { files: [] };
  readonly #seen = new Map<string, number>();
  /** How the line by hand is run, and what came of it. */
  #line: { readonly how: ByHand | NotRun; readonly mark?: string } | undefined;

  /** Looks into the checks of the test that failed. */
  looks: readonly Look[] = [];

  /** `test` is its title. */
  constructor(requirement: RequirementId, test: string, chapter: string, target: TargetContext) {
    this.#test = test;
    this.#reference = target.reference;
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
    const fact: TestTools["fact"] = (name, value) => {
      meta.facts = { ...meta.facts, [name]: value };
    };
    const promise = promiseOf(requirementOf(meta.requirement), this.#test);
    return {
      ...(promise && { promise }),
      scope,
      use: (shared) => shared.make(),
      note: (text) => this.note(text),
      saw: (what, count = 1) => {
        this.#seen.set(what, (this.#seen.get(what) ?? 0) + count);
      },
      fact,
      varyingFact: fact,
      keep: (file, { always = false } = {}) => {
        this.#kept.push(file);
        if (always) this.#always.push(file);
      },
      reproduce: (line, how) => {
        meta.reproduce = line;
        this.#line = { how };
      },
    };
  }

  /** Runs the test's line by hand, in the body of the test, in which it failed. */
  async runLine(): Promise<void> {
    if (this.#line) this.#line = { ...this.#line, mark: await markOf(this.#line.how, viewHere()) };
  }

  note(text: string): void {
    this.meta.notes = [...(this.meta.notes ?? []), text];
  }

  /** Throws `NothingSeen` when one of these was never seen. */
  expectSeen(wanted: readonly string[]): void {
    const missing = wanted.filter((what) => (this.#seen.get(what) ?? 0) === 0);
    if (missing.length > 0) throw new NothingSeen(`there were no ${missing.join(" and no ")}`);
  }

  /** Takes what there is to see of the failure; `work` is given when the test began. */
  async collect(work: (since: number) => Promise<Collected>): Promise<void> {
    this.#failedAt = Date.now();
    try {
      const deadline = { what: "the evidence", deadlineMs: evidenceDeadlineMs };
      this.#collected = await within(deadline, work(this.#startedAt));
    } catch (error) {
      this.#collected = { files: [{ name: "evidence-incomplete.txt", content: String(error) }] };
    }
    this.#collectedAt = Date.now();
  }

  finish(failure: unknown, entries: readonly TranscriptEntry[], folder: string, reports: string): void {
    const { meta } = this;
    meta.durationMs = performance.now() - this.#begun;
    meta.outcome = failure === undefined ? "passed" : outcomeOf(failure);
    if (failure !== undefined) meta.reason = describeFailure(failure);
    const cause = causeOf(failure) ?? mistakeIn(this.#reference, failure);
    if (cause) meta.cause = cause;
    if (failure instanceof NothingSeen) meta.sawNothing = true;
    if (["blocked", "unsupported", "not run"].includes(meta.outcome)) return;

    const own = join(folder, meta.requirement);
    mkdirSync(own, { recursive: true });
    const transcript = join(own, "transcript.jsonl");
    writeFileSync(transcript, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""), { flag: "a" });
    meta.transcript = relative(reports, transcript);
    if (meta.outcome === "passed") {
      if (this.#always.length > 0) meta.evidence = writeEvidence(this.#always, takeFolder(own), reports);
      return;
    }
    if (failure instanceof SetUpFailed) {
      // The test did nothing, and saw nothing.
      meta.evidence = [...failure.failure.evidence];
      return;
    }
    const line = this.#line;
    if (meta.reproduce !== undefined && line) {
      meta.reproduce = marked(meta.reproduce, line.mark ?? `not run: ${outsideBody.notRun}`);
    }
    const { files, nodes = [] } = this.#collected;
    const place = takeFolder(own);
    meta.evidence = writeEvidence([...this.#kept, ...files, ...nodes], place, reports);
    this.#trace(entries, place, reports);
  }

  /** What cannot be told of a failure does not change what the test came to. */
  #trace(entries: readonly TranscriptEntry[], folder: string, reports: string): void {
    try {
      this.meta.trace = writeTrace(this.#build(entries), folder, reports);
    } catch (error) {
      this.note(`no trace of the failure: ${error}`);
    }
  }

  #build(entries: readonly TranscriptEntry[]): Trace {
    const [collected, failedAt, collectedAt] = [this.#collected, this.#failedAt, this.#collectedAt];
    return buildTrace({
      ...{ meta: this.meta, test: this.#test, entries, looks: this.looks, kept: this.#kept, collected },
      ...{ startedAt: this.#startedAt, failedAt, collectedAt, endedAt: Date.now() },
    });
  }
}

/** The cause of what a driver file that is named by its path threw, and nobody foresaw. */
function mistakeIn(reference: string, failure: unknown): Cause | undefined {
  if (!(failure instanceof Error) || failure instanceof HarnessError || outcomeOf(failure) !== "error")
    return undefined;
  const file = resolve(reference);
  const place = placeOf(failure, (one) => one === file);
  if (place === undefined) return undefined;
  return { kind: "driver file", what: `${place}: ${failure.name}: ${firstLineOf(failure.message)}`, place };
}

/** What went wrong, and where in the code, if it was not foreseen. */
function describeFailure(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  const foreseen = outcomeOf(failure) !== "error" || failure instanceof HarnessError || causeOf(failure);
  const place = foreseen ? undefined : placeOf(failure);
  return place === undefined ? failure.message : `${failure.name}: ${failure.message}\n  at ${place}`;
}
