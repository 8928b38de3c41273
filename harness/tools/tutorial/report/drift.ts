import { refusalIn, tellingLine } from "#harness/tools/tutorial/compare/outputs/refusal.ts";
import { volatileOut } from "#harness/tools/tutorial/compare/patterns.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import { type StepVerdict, type TutorialRun, titleOf } from "#harness/tools/tutorial/run/tutorial-run.ts";

/** What a command did in one of the runs. */
export interface OnTarget {
  /** What the run was on, e.g. `Docker 26.1`. */
  readonly title: string;
  readonly verdict: StepVerdict;
  /** How it ended, and in what it differs from the text: without addresses, ids and tokens. Empty where there is nothing to say. */
  readonly did: string;
}

/** A command that does not do the same in all runs. */
export interface Drift {
  readonly line: number;
  readonly command: string;
  readonly targets: readonly OnTarget[];
}

/** The commands whose verdict, or what they print and how they end, is not the same in all runs. */
export function driftBetween(runs: readonly TutorialRun[]): Drift[] {
  const [first, ...others] = runs;
  if (!first || others.length === 0) return [];
  return first.results.flatMap(({ step }): Drift[] => {
    const targets = runs.flatMap((run): OnTarget[] => {
      const here = run.results.find((result) => result.step.number === step.number);
      return here ? [{ title: titleOf(run), verdict: here.verdict, did: whatItDid(here) }] : [];
    });
    const kinds = new Set(targets.map(({ verdict, did }) => `${verdict}\n${did}`));
    return kinds.size > 1 ? [{ line: step.line, command: step.command, targets }] : [];
  });
}

function whatItDid({ reason, findings, ran }: StepResult): string {
  const status =
    ran?.code === undefined || ran.code === 0 ? [] : [`exit status ${ran.code}: ${refusal(ran.output)}`];
  const said = [...(reason === undefined ? [] : [reason]), ...status, ...findings.map(({ text }) => text)];
  return [...new Set(said.map((text) => volatileOut(text.split("\n")[0] ?? "")))].join("; ");
}

function refusal(output: string): string {
  return refusalIn(output) ?? tellingLine(output);
}

/** The drift as lines of the console; empty where there is none. */
export function describeDrift(drift: readonly Drift[]): string {
  return drift
    .flatMap(({ line, command, targets }) => [
      `  line ${line}: ${command.split("\n")[0]}`,
      ...targets.map(({ title, verdict, did }) => `      ${title}: ${verdict}${did && `: ${did}`}`),
    ])
    .join("\n");
}

/** The drift as a page in Markdown: a row for each command, a column for each run. */
export function annotateDrift(name: string, runs: readonly TutorialRun[], drift: readonly Drift[]): string {
  const titles = runs.map(titleOf);
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  const rows = drift.map(({ line, command, targets }) =>
    row([
      String(line),
      `\`${command.split("\n")[0]}\``,
      ...titles.map((title) => {
        const found = targets.find((one) => one.title === title);
        return found ? `**${found.verdict}**${found.did && `: ${found.did}`}` : "not run";
      }),
    ]),
  );
  const table = [row(["line", "command", ...titles]), row(Array(titles.length + 2).fill("---")), ...rows];
  const body = rows.length > 0 ? table : ["Every command does the same on all of them."];
  return `# ${name}: from ${titles.join(" to ")}\n\n${body.join("\n")}\n`;
}
