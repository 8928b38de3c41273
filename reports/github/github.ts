import { appendFileSync, statSync } from "node:fs";
import type { GitHubStep } from "#harness/core/settings/github-step.ts";
import type { Statement } from "#reports/conformance/schema.ts";
import { plural } from "#reports/conformance/words.ts";
import { type Annotation, annotationsPerStep, formatAnnotation } from "./annotation.ts";
import { type Told, type ToldCause, toldCauses } from "./causes.ts";
import { formatJobSummary } from "./summary.ts";

/** Bytes that GitHub takes of a step's summary; a larger one it refuses as a whole. */
const summaryLimit = 1024 * 1024;
const annotatedLines = 6;

/** Tells GitHub of a finished run: the step's summary into its file, and the annotations, which are lines for the step's output. */
export function tellGitHub(statement: Statement, step: GitHubStep): string[] {
  const { targets, errors, environment } = statement;
  const told = targets.map((target) => ({ target, settings: environment.settings }));
  const causes = toldCauses({ targets: told, errors }, step.workspace);
  addToSummary(formatJobSummary(statement, causes), step);
  return annotate(causes, statement.run.complete ? undefined : (statement.run.incompleteBecause ?? ""));
}

/** The annotations of what several runs came to, e.g. the cells of a matrix. */
export function annotateAll(told: Told, step: GitHubStep): string[] {
  return annotate(toldCauses(told, step.workspace));
}

/** Adds Markdown to the step's summary as far as GitHub takes it; what is too long is cut at a line, and says so. */
export function addToSummary(markdown: string, { summary }: GitHubStep): void {
  if (summary === undefined) return;
  const taken = statSync(summary, { throwIfNoEntry: false })?.size ?? 0;
  appendFileSync(summary, cut(markdown, summaryLimit - taken));
}

function cut(markdown: string, bytes: number): string {
  const whole = Buffer.from(markdown);
  if (whole.length <= bytes) return markdown;
  const note = "\n\n… cut: the whole is in the reports.\n";
  const room = whole.subarray(0, Math.max(0, bytes - Buffer.byteLength(note)));
  const end = room.lastIndexOf("\n");
  return end < 0 ? "" : `${room.toString("utf8", 0, end)}${note}`;
}

function annotate(causes: readonly ToldCause[], incomplete?: string): string[] {
  const all: Annotation[] = causes.map(({ outcome, title, reason, page, repeat, place }) => ({
    ...{
      level: outcome === "engine at fault" ? ("notice" as const) : ("error" as const),
      title,
      message: messageOf(reason, page, repeat),
    },
    ...(place ? { place } : {}),
  }));
  if (incomplete !== undefined)
    all.push({ level: "error", title: "The run is incomplete", message: incomplete });
  const shown = all.slice(0, annotationsPerStep);
  const more = all.length - shown.length;
  if (more > 0) {
    const message = `${plural(more, "more cause")}: see the job's summary and the reports`;
    shown.push({ level: "notice", title: `netconform: ${all.length} causes`, message });
  }
  return shown.map(formatAnnotation);
}

function messageOf(reason: string, page: string | undefined, repeat: string | undefined): string {
  const lines = reason.trim().split("\n");
  const more = lines.length - annotatedLines;
  return [
    ...lines.slice(0, annotatedLines),
    ...(more > 0 ? [`… ${plural(more, "more line")}`] : []),
    ...(page === undefined ? [] : [`on one page, in the folder of the reports: ${page}`]),
    ...(repeat === undefined ? [] : [`again: ${repeat}`]),
  ].join("\n");
}
