import { firstLine, refusalIn } from "#harness/tools/tutorial/compare/outputs/refusal.ts";
import { volatileOut } from "#harness/tools/tutorial/compare/patterns.ts";
import type { StepResult } from "#harness/tools/tutorial/run/runner.ts";
import type { StepVerdict, TutorialRun } from "#harness/tools/tutorial/run/tutorial-run.ts";

/** What a command did on one engine. */
export interface OnEngine {
  readonly engine: string;
  readonly verdict: StepVerdict;
  /** How it ended, and in what it differs from the text: without addresses, ids and tokens. Empty where there is nothing to say. */
  readonly did: string;
}

/** A command that does not do the same on all engines. */
export interface Drift {
  readonly line: number;
  readonly command: string;
  readonly engines: readonly OnEngine[];
}

/** The commands whose verdict, or what they print and how they end, is not the same on all engines. */
export function driftBetween(runs: readonly TutorialRun[]): Drift[] {
  const [first, ...others] = runs;
  if (!first || others.length === 0) return [];
  return first.results.flatMap(({ step }): Drift[] => {
    const engines = runs.flatMap(({ engine, results }): OnEngine[] => {
      const here = results.find((result) => result.step.number === step.number);
      return here ? [{ engine, verdict: here.verdict, did: whatItDid(here) }] : [];
    });
    const kinds = new Set(engines.map(({ verdict, did }) => `${verdict}\n${did}`));
    return kinds.size > 1 ? [{ line: step.line, command: step.command, engines }] : [];
  });
}

function whatItDid({ reason, findings, ran }: StepResult): string {
  const status =
    ran?.code === undefined || ran.code === 0 ? [] : [`exit status ${ran.code}: ${refusal(ran.output)}`];
  const said = [...(reason === undefined ? [] : [reason]), ...status, ...findings.map(({ text }) => text)];
  return [...new Set(said.map((text) => volatileOut(text.split("\n")[0] ?? "")))].join("; ");
}

function refusal(output: string): string {
  return refusalIn(output) ?? firstLine(output);
}

/** The drift as lines of the console; empty where there is none. */
export function describeDrift(drift: readonly Drift[]): string {
  return drift
    .flatMap(({ line, command, engines }) => [
      `  line ${line}: ${command.split("\n")[0]}`,
      ...engines.map(({ engine, verdict, did }) => `      ${engine}: ${verdict}${did && `: ${did}`}`),
    ])
    .join("\n");
}

/** The drift as a page in Markdown: a row for each command, a column for each engine. */
export function annotateDrift(name: string, runs: readonly TutorialRun[], drift: readonly Drift[]): string {
  const engines = runs.map(({ engine }) => engine);
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  const rows = drift.map(({ line, command, engines: here }) =>
    row([
      String(line),
      `\`${command.split("\n")[0]}\``,
      ...engines.map((engine) => {
        const found = here.find((one) => one.engine === engine);
        return found ? `**${found.verdict}**${found.did && `: ${found.did}`}` : "not run";
      }),
    ]),
  );
  const table = [
    row(["line", "command", ...engines.map((engine) => `Docker ${engine}`)]),
    row(Array(engines.length + 2).fill("---")),
    ...rows,
  ];
  const body = rows.length > 0 ? table : ["Every command does the same on all of them."];
  return `# ${name}: from Docker ${engines.join(" to ")}\n\n${body.join("\n")}\n`;
}
