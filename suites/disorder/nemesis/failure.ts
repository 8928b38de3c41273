import { Nonconformance } from "#harness/core/errors.ts";
import { typed } from "#harness/core/typed.ts";
import type { EvidenceFile } from "#harness/observe/evidence.ts";
import { describeFinding } from "#harness/oracle/nemesis/checks.ts";
import type { History } from "#harness/oracle/nemesis/history.ts";
import { describeSchedule } from "#harness/oracle/nemesis/schedule.ts";
import { timelinesFile } from "#reports/nemesis/link.ts";
import { renderTimelines } from "#reports/nemesis/timelines.ts";
import { healMs } from "./play.ts";

const shownFindings = 12;

/** A schedule after which not everything was right again. */
export interface Unhealed {
  readonly history: History;
  /** How the schedule came to be. */
  readonly told: string;
  /** What is typed to play it again, after `conform suites/disorder`. */
  readonly again: string;
}

/** The schedule as steps, and what differed then. */
export function notHealed({ history, told, again }: Unhealed): Nonconformance {
  const { seed, schedule, nodes, findings } = history;
  const [first] = findings;
  const more = findings.length - 1;
  const left = findings.length - shownFindings;
  return new Nonconformance({
    who: first ? `${first.checker}: ${first.who}` : "a schedule",
    expected: `${first?.expected}${first?.forGood ? "" : `, within ${healMs / 1000} s`}`,
    got: `${first?.got}${more > 0 ? `, and ${more} more findings` : ""}`,
    evidence: [
      `  the schedule of seed ${seed}, ${told}, where near is ${nodes.near} and far is ${nodes.far}:`,
      ...describeSchedule(schedule).map((line) => `    ${line}`),
      "  what is wrong then:",
      ...findings.slice(0, shownFindings).map((finding) => `    ${describeFinding(finding)}`),
      ...(left > 0 ? [`    and ${left} more`] : []),
      `  again: NEMESIS_SEEDS=1 ${typed(`conform suites/disorder ${again}`)}`,
    ].join("\n"),
  });
}

/** The histories of plays, and all of them as pictures on one page. */
export function filesOf(title: string, histories: readonly History[]): EvidenceFile[] {
  return [
    { name: timelinesFile, content: renderTimelines(title, histories) },
    { name: "histories.json", content: `${JSON.stringify(histories, null, 1)}\n` },
  ];
}
