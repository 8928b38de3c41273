import type { Statement } from "#reports/conformance/schema.ts";
import { type Finding, unless } from "#reports/verify/finding.ts";

/** The end is taken when the tests have ended, the duration when the statement is written. */
const slackMs = 10_000;

/** Whether the run came to its end, took the time that it says, and was of the plugin as it is. */
export function checkRun({ run, environment, errors }: Statement): Finding[] {
  const { complete, incompleteBecause, finishedAt, startedAt, durationMs, command } = run;
  const span = finishedAt === undefined ? undefined : Date.parse(finishedAt) - Date.parse(startedAt);
  return [
    ...unless(
      complete,
      "run.complete",
      `expected a run that came to its end: ${incompleteBecause ?? "it did not"}`,
    ),
    ...unless(
      !complete || incompleteBecause === undefined,
      "run.incompleteBecause",
      "expected none in a run that came to its end",
    ),
    ...unless(finishedAt !== undefined, "run.finishedAt", "expected the time of the end, got nothing"),
    ...unless(span === undefined || span >= 0, "run.finishedAt", `expected a time after ${startedAt}`),
    ...unless(
      span === undefined || Math.abs(span - durationMs) <= slackMs,
      "run.durationMs",
      `expected about ${span}, from startedAt to finishedAt, got ${durationMs}`,
    ),
    ...unless((command?.length ?? 0) > 0, "run.command", "expected the command that was typed, got nothing"),
    ...unless(
      environment.settings.FAULT === undefined,
      "environment.settings.FAULT",
      `expected none, got ${environment.settings.FAULT}: something was broken on purpose`,
    ),
    ...unless(
      environment.settings.MEND === undefined,
      "environment.settings.MEND",
      `expected none, got ${environment.settings.MEND}: something was put right by the suite`,
    ),
    ...unless(errors.length === 0, "errors", `expected none, got ${errors.length}: ${errors[0]?.where}`),
  ];
}
