import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import { countVerdicts, type TutorialRun, verdicts } from "#harness/tools/tutorial/run/tutorial-run.ts";
import { describeCause, differences } from "./console.ts";

/** The tutorial with what became of its commands below every transcript. */
export function annotate(run: TutorialRun): string {
  const { tutorial, engine, plugin, results } = run;
  const counts = countVerdicts(results);
  const summary = `> Run on Docker ${engine}, plugin ${plugin}: ${verdicts.map((verdict) => `${counts[verdict]} ${verdict}`).join(", ")}.`;
  const lines = tutorial.lines.flatMap((line, index) => {
    const here = results.filter(({ step }) => step.blockEnd === index + 1);
    return here.length === 0 ? [line] : [line, "", ...here.flatMap(annotation), ""];
  });
  return `${[summary, "", ...lines].join("\n").trimEnd()}\n`;
}

function annotation({ step, verdict, reason, findings, notes, ran, follows }: StepResult): string[] {
  const said = [
    ...(reason === undefined ? [] : [reason]),
    ...(follows === undefined ? [] : [describeCause(follows)]),
    ...findings.map(({ text }) => text),
    ...notes.map((note) => `note: ${note}`),
  ];
  const lines = [
    `> - line ${step.line}, ${code(step.command)}: **${verdict}**`,
    ...said.map((text) => `>   - ${text.replaceAll(/\s*\n\s*/g, " ")}`),
  ];
  if (verdict !== "broken" || !ran) return lines;
  return [
    ...lines,
    ">",
    ">   ```diff",
    ...differences(step.expected, ran.output).map((line) => `>   ${line}`),
    ">   ```",
    ">",
  ];
}

function code(command: string): string {
  const [first = "", ...more] = command.split("\n");
  const ticks = first.includes("`") ? "``" : "`";
  return `${ticks}${first}${more.length > 0 ? " …" : ""}${ticks}`;
}
