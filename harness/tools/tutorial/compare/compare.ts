import {
  broken,
  type Comparator,
  type ComparisonVerdict,
  type Context,
  type Observed,
  type OutputFinding,
  verdictOf,
} from "./comparison.ts";
import { compareCapture } from "./outputs/capture.ts";
import { compareConnection } from "./outputs/connection.ts";
import { compareFirewall } from "./outputs/firewall.ts";
import { compareInterfaces } from "./outputs/interfaces.ts";
import { compareJson } from "./outputs/json.ts";
import { comparePing } from "./outputs/ping.ts";
import { compareRefusal, refusalIn, tellingLine } from "./outputs/refusal.ts";
import { compareTable } from "./outputs/table.ts";
import { significant } from "./patterns.ts";
import { compareAddress, compareId, comparePairs, compareText } from "./text.ts";

export interface Comparison {
  readonly verdict: ComparisonVerdict;
  readonly findings: readonly OutputFinding[];
}

/** Programs whose meaning is known, by the command's first word. */
const programs: [RegExp, Comparator][] = [
  [/^ping\b/, comparePing],
  [/^nc\b(?!.*-\w*l)/, compareConnection],
  [/^tcpdump\b/, compareCapture],
];

/** Commands that are typed for what they print, whether the text shows it or not. */
const looks =
  /^(ifconfig|ip (?:-\w+ )*(?:a|addr|address|r|route)\b|iptables\b.* -\w*L|docker (inspect|info|ps|(network|node|service|container|image) (ls|ps|inspect))|netctl (version|\S+ (ls|rule-ls)))\b/;

/** Forms that an output can have, the most telling ones first. */
const forms: Comparator[] = [
  compareJson,
  compareInterfaces,
  compareFirewall,
  compareId,
  compareAddress,
  compareTable,
  comparePairs,
  compareText,
];

/**
 * Compares by meaning. `command` is the text's, the output is as printed; without any output in the text, the exit status decides alone. An exit status of
 * `undefined` (interrupted, or still running) is not judged.
 */
export function compare(
  command: string,
  expected: readonly string[],
  { output, code }: Pick<Observed, "output" | "code">,
  context: Context,
): Comparison {
  const observed = { output: context.translate(output), printed: output, code };
  const findings = findingsOf(command.replace(/^sudo\s+/, ""), expected, observed, context);
  return { verdict: verdictOf(findings), findings };
}

function findingsOf(
  command: string,
  expected: readonly string[],
  observed: Observed,
  context: Context,
): OutputFinding[] {
  // A shell ends with the status of the command before it, which has been judged.
  if (/^exit$/.test(command.trim())) return [];
  const program = programs.find(([pattern]) => pattern.test(command))?.[1];
  const judged = program?.(expected, observed, context);
  if (judged) return judged;
  const lines = significant(expected);
  const text = lines.join("\n");
  const structured = forms
    .slice(0, -1)
    .some((form) => form(lines, { output: "", printed: "", code: 0 }, silent(context)) !== undefined);
  if (lines.length > 0 && !structured && refusalIn(text)) return compareRefusal(text, observed);
  if (observed.code !== undefined && observed.code !== 0) {
    return [broken(`expected success, got exit status ${observed.code}: ${tellingLine(observed.output)}`)];
  }
  if (lines.length === 0) {
    const blank = looks.test(command) && observed.output.trim() === "";
    return blank ? [broken("expected it to print something, got nothing")] : [];
  }
  for (const form of forms) {
    const found = form(lines, observed, context);
    if (found) return found;
  }
  return [];
}

/** To ask a form whether it fits, nothing must be learned. */
function silent(context: Context): Context {
  return {
    ...context,
    equivalent: context.equivalent,
    foreign: context.foreign,
    given: context.given,
    translate: context.translate,
    learn: () => {},
  };
}
