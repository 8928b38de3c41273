import type { NodeEvidence } from "#harness/observe/evidence.ts";
import { engineLog, logsOf } from "#harness/observe/logs.ts";

/** A line of a log, with those after it that tell no time. */
export interface LogLine {
  readonly of: string;
  /** Milliseconds since the epoch, on the clock of its host. */
  readonly at: number;
  readonly text: string;
}

/** ISO 8601 with a zone near the beginning, as logrus, slog, zap, BIRD and Open vSwitch write it. */
const stamp = /^.{0,40}?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)([.,]\d+)?(Z|[+-]\d\d:?\d\d)/;

/** The lines of all logs of a node that tell when they were written, and how many come before the first one that does. */
export function readLog({ looks }: Pick<NodeEvidence, "looks">): { lines: LogLine[]; untimed: number } {
  const found = looks
    .filter(({ name }) => logsOf.includes(name))
    .map(({ name, text }) => readLines(text, name === engineLog ? "engine" : undefined));
  return {
    lines: found.flatMap(({ lines }) => lines).sort((a, b) => a.at - b.at),
    untimed: found.reduce((sum, { untimed }) => sum + untimed, 0),
  };
}

function readLines(text: string, of: string | undefined): { lines: LogLine[]; untimed: number } {
  const lines: LogLine[] = [];
  let untimed = 0;
  let file = "";
  let last: { of: string; at: number; text: string } | undefined;
  for (const line of text.split("\n")) {
    const [, opened] = /^==> (.*) <==$/.exec(line) ?? [];
    if (opened !== undefined) {
      file = opened.split("/").at(-1) ?? opened;
      last = undefined;
      continue;
    }
    const at = timeOf(line);
    if (at !== undefined) {
      last = { of: of ?? file, at, text: line };
      lines.push(last);
    } else if (last) last.text += `\n${line}`;
    else if (line.trim() !== "") untimed++;
  }
  return { lines, untimed };
}

function timeOf(line: string): number | undefined {
  const [, second, fraction = "", zone = ""] = stamp.exec(line) ?? [];
  if (second === undefined) return undefined;
  const whole = Date.parse(`${second.replace(" ", "T")}${zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`);
  return Number.isNaN(whole) ? undefined : whole + Number(`0.${fraction.slice(1) || "0"}`) * 1000;
}
