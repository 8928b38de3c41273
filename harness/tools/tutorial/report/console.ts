import { diff } from "node:util";
import type { GitHubStep } from "#harness/core/settings/github-step.ts";
import type { Step, Tutorial } from "#harness/tools/tutorial/parse/tutorial.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import {
  countVerdicts,
  overheadOf,
  type TutorialRun,
  verdicts,
} from "#harness/tools/tutorial/run/tutorial-run.ts";
import { formatAnnotation, placeIn } from "#reports/github/annotation.ts";

const marks: Record<StepResult["verdict"], string> = {
  same: "✔",
  "differs harmlessly": "≈",
  broken: "✘",
  "not runnable": "–",
};

const longest = 40;

/** A step as one line, as `--list` shows it. */
function describeStep({ number, line, place, command, interrupted }: Step): string {
  const [first = "", ...more] = command.split("\n");
  const where =
    place.kind === "node" ? place.host : place.kind === "container" ? "in the container" : "no host";
  return `${String(number).padStart(4)}  line ${String(line).padStart(4)}  ${where.padEnd(16)}  ${first}${more.length > 0 ? " …" : ""}${interrupted ? "  ^C" : ""}`;
}

/** The steps by chapter, with what is odd about them. */
export function describeSteps({ notes }: Tutorial, steps: readonly Step[]): string {
  const lines: string[] = notes.map(({ line, text }) => `line ${line}: ${text}`);
  let chapter = -1;
  for (const step of steps) {
    if (step.chapter.index !== chapter) lines.push("", step.chapter.title);
    chapter = step.chapter.index;
    lines.push(describeStep(step), ...step.notes.map((note) => `            note: ${note}`));
  }
  return lines.join("\n").trimStart();
}

/** What became of a command: a line, and below it what a person has to know. */
export function describeResult({ step, verdict, reason, findings, notes, ran, follows }: StepResult): string {
  const took = ran && ran.durationMs >= 1000 ? `  (${(ran.durationMs / 1000).toFixed(1)} s)` : "";
  const indent = "          ";
  const lines = [`${marks[verdict]} ${describeStep(step)}${took}`];
  if (reason !== undefined) lines.push(`${indent}not runnable: ${reason}`);
  if (follows !== undefined) lines.push(`${indent}${describeCause(follows)}`);
  lines.push(
    ...findings.map(
      (finding) => `${indent}${finding.severity}: ${finding.text.replaceAll("\n", `\n${indent}  `)}`,
    ),
  );
  lines.push(...notes.map((note) => `${indent}note: ${note}`));
  if (verdict === "broken" && ran) {
    lines.push(`${indent}ran on ${ran.node}: ${ran.command}`);
    const compared = differences(step.expected, ran.output);
    lines.push(...compared.slice(0, longest).map((line) => `${indent}${line}`));
    if (compared.length > longest) lines.push(`${indent}  … ${compared.length - longest} lines more`);
  }
  return lines.join("\n");
}

/** Why a command is broken, in one line. */
export function whyBroken({ findings, follows }: StepResult): string {
  const [first] = findings.filter(({ severity }) => severity === "broken");
  const why = first?.text.split("\n")[0] ?? "";
  return follows === undefined ? why : `${why} (${describeCause(follows)})`;
}

/** The lines by which a step of a GitHub workflow shows every broken command at its line of the text. */
export function annotateBroken({ tutorial, engine, results }: TutorialRun, step: GitHubStep): string[] {
  return results
    .filter(({ verdict }) => verdict === "broken")
    .map((result) => {
      const place = placeIn(step.workspace, tutorial.file, result.step.line);
      return formatAnnotation({
        level: "error",
        title: `Docker ${engine}: ${result.step.command.split("\n")[0]}`,
        message: whyBroken(result),
        ...(place ? { place } : {}),
      });
    });
}

/** That a command is broken because another one is. */
export function describeCause(line: number): string {
  return `it needs what line ${line} should have made`;
}

/** The text's output (`-`) beside the one here (`+`), as a diff of lines. */
export function differences(expected: readonly string[], output: string): string[] {
  const plain = (lines: readonly string[]) =>
    lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  const shown = plain(expected);
  const seen = plain(output.split("\n"));
  if (shown.length === 0 && seen.length === 0) return [];
  const signs = { "-1": "- ", "0": "  ", "1": "+ " } as const;
  return diff(seen, shown).map(([sign, line]) => `${signs[String(sign) as keyof typeof signs]}${line}`);
}

/** The end of a run: counts, overhead, and what is broken. */
export function describeRun(run: TutorialRun): string {
  const counts = countVerdicts(run.results);
  const brokenLines = run.results
    .filter(({ verdict }) => verdict === "broken")
    .map(
      (result) =>
        `  line ${result.step.line}: ${result.step.command.split("\n")[0]}\n      ${whyBroken(result)}`,
    );
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return [
    `${run.tutorial.file} on Docker ${run.engine}, plugin ${run.plugin}: ${verdicts.map((verdict) => `${counts[verdict]} ${verdict}`).join(", ")}`,
    ...(brokenLines.length > 0 ? ["broken:", ...brokenLines] : []),
    `commands ${seconds(run.commandMs)}, in all ${seconds(run.durationMs)}: the runner's own share is ${(overheadOf(run) * 100).toFixed(1)} % of the commands'`,
  ].join("\n");
}
