import { scaled } from "#harness/core/settings/patience.ts";
import { type ByHand, confirm } from "./by-hand.ts";
import { lookMs, type View } from "./view.ts";

/** Why a line is not run before it is printed, as it reads after "not run: ". */
export interface NotRun {
  readonly notRun: string;
}

/** Of what failed where nothing is looked into: while things are made or removed, or after its test was given up. */
export const outsideBody: NotRun = { notRun: "it failed outside the body of a test" };

/**
 * What came of the runs of a line, or why there were none: what stands behind it. They are made through the view, for as long as there is time.
 */
export async function markOf(line: ByHand | NotRun, view: View | undefined): Promise<string> {
  if ("notRun" in line) return `not run: ${line.notRun}`;
  if (!view) return `not run: ${outsideBody.notRun}`;
  const confirmed = await view.look((deadlineMs) => confirm(line, deadlineMs));
  return confirmed ?? `not run: the ${scaled(lookMs) / 1000} s for a look were used up`;
}

/** A line with its mark, as a comment of the shell, so that both can be pasted. */
export function marked(line: string, mark: string): string {
  return `${line}  # ${mark}`;
}

/** The parts of what `marked` made. */
export function readMarked(text: string): { line: string; confirmed?: string } {
  const at = text.lastIndexOf("  # ");
  return at === -1 ? { line: text } : { line: text.slice(0, at), confirmed: text.slice(at + "  # ".length) };
}
