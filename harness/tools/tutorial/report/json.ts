import type { Coverage } from "#harness/tools/tutorial/coverage.ts";
import { countVerdicts, overheadOf, type TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";

/** The run for machines. Durations are milliseconds, `overhead` is a share of the commands' time. */
export function formatJson(run: TutorialRun, coverage: Coverage | undefined): string {
  const { tutorial, engine, plugin, startedAt, durationMs, commandMs, results } = run;
  const report = {
    file: tutorial.file,
    engine,
    plugin,
    startedAt: new Date(startedAt).toISOString(),
    durationMs: Math.round(durationMs),
    commandMs: Math.round(commandMs),
    overhead: overheadOf(run),
    counts: countVerdicts(results),
    notes: tutorial.notes,
    commands: results.map(({ step, verdict, reason, findings, notes, ran, follows }) => ({
      line: step.line,
      chapter: step.chapter.title,
      place: step.place,
      command: step.command,
      ...{ verdict, reason, findings, notes, follows },
      ...(ran ? { ran: { ...ran, durationMs: Math.round(ran.durationMs) } } : {}),
      expected: step.expected.join("\n"),
    })),
    ...(coverage ? { coverage } : {}),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
