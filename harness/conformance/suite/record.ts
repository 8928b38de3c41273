import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type ConformanceMeta, outcomeOf, type TargetContext } from "#harness/conformance/outcome.ts";
import { within } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { TranscriptEntry } from "#harness/host/transcript.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import type { RequirementId } from "#suites/requirements/catalogue.ts";
import type { TestTools } from "./tools.ts";

/** Time for the evidence of one failed test. */
export const evidenceDeadlineMs = 20_000;
const evidenceLimitBytes = 8 * 1024 * 1024;

/** Gathers what one test leaves behind for the reports. */
export class TestRecord {
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
      note: (text) => this.note(text),
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

  note(text: string): void {
    this.meta.notes = [...(this.meta.notes ?? []), text];
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
