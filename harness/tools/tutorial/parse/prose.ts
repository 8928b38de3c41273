import type { Block, Heading } from "./blocks.ts";

/** Keys that leave a container's shell and let it run, as texts write them: `CTRL` + `p` `CTRL` + `q`, CTRL-p CTRL-q, ^P^Q. */
const detachKeys = /\^p\s*\^q|\bctrl[\s`*+-]*p[\s`*,]+(?:and |then )?[`*]*ctrl[\s`*+-]*q\b/i;

/** Whether a line of a transcript, or a paragraph, has the detach keys pressed. */
export function pressesDetachKeys(text: string): boolean {
  return detachKeys.test(text);
}

/** How sentences name the host of the transcripts below them. */
export interface HostsInProse {
  /** What names one, in the group `host`. */
  readonly patterns: readonly RegExp[];
  /** Which names are hosts; others are names of something else. */
  readonly names: ReadonlySet<string>;
}

/**
 * The host that the prose before a transcript names, by the nearest paragraph that names one. Prose counts that stands in
 * the same list item or around it, below the same heading, and behind the transcript before.
 */
export function hostBefore(
  block: Block,
  blocks: readonly Block[],
  headings: readonly Heading[],
  hosts: HostsInProse,
): string | undefined {
  const heading = headings.findLast(({ line }) => line <= block.line)?.line ?? 0;
  for (let at = blocks.indexOf(block) - 1; at >= 0; at--) {
    const before = blocks[at];
    if (before?.kind !== "prose" || before.line < heading) return undefined;
    const around = before.items.every((item, depth) => item === block.items[depth]);
    const host = around && !before.quoted ? hostNamedIn(before.lines.join(" "), hosts) : undefined;
    if (host !== undefined) return host;
  }
  return undefined;
}

/** The first host that the sentences name. */
function hostNamedIn(text: string, { patterns, names }: HostsInProse): string | undefined {
  const found = patterns
    .flatMap((pattern) => [...text.matchAll(new RegExp(pattern, "g"))])
    .filter(({ groups }) => names.has(groups?.host ?? ""));
  return found.sort((a, b) => a.index - b.index)[0]?.groups?.host;
}
