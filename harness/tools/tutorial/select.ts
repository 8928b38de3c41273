import { UsageError } from "#harness/core/errors.ts";
import type { Mapping } from "./mapping/schema.ts";
import type { Step, Tutorial } from "./parse/tutorial.ts";

/** What is asked for on the command line, as typed. */
export interface StepSelection {
  readonly chapter?: string;
  /** Lines of the file. */
  readonly from?: string;
  readonly to?: string;
}

/** The steps that are asked for. Throws `UsageError` where that is none, naming what there is. */
export function selectSteps(
  { file, steps, chapters, lines }: Tutorial,
  { chapter, from, to }: StepSelection,
): Step[] {
  const first = lineNumber("--from", from, 1, lines.length);
  const last = lineNumber("--to", to, lines.length, lines.length);
  const number = chapter !== undefined && /^\d+$/.test(chapter) ? Number(chapter) : undefined;
  const inChapter = (step: Step) =>
    chapter === undefined ||
    (number === undefined
      ? step.chapter.title.toLowerCase().includes(chapter.toLowerCase())
      : step.chapter.number === number);
  const chosen = steps.filter((step) => inChapter(step) && step.line >= first && step.line <= last);
  if (chosen.length > 0) return chosen;
  if (chapter !== undefined && !steps.some(inChapter)) {
    const titles = chapters.filter(({ index }) => steps.some((step) => step.chapter.index === index));
    throw new UsageError(
      `--chapter ${chapter}: expected a chapter of ${file} with commands, got none; there are:\n${titles.map(({ title, line }) => `  line ${line}: ${title}`).join("\n")}`,
    );
  }
  throw new UsageError(
    `--from ${first} --to ${last}: expected lines with a command, got none; the commands of ${file} are in lines ${steps[0]?.line} to ${steps.at(-1)?.line}`,
  );
}

function lineNumber(option: string, given: string | undefined, otherwise: number, most: number): number {
  if (given === undefined) return otherwise;
  const line = Number(given);
  if (/^\d+$/.test(given) && line >= 1 && line <= most) return line;
  throw new UsageError(`${option} ${given}: expected a line of the file, 1 to ${most}`);
}

/** How many nodes the steps need: the highest number among those that the mapping has for their hosts. */
export function nodesNeeded(steps: readonly Step[], { nodes }: Mapping): number {
  const hosts = steps.flatMap(({ place }) =>
    "host" in place && place.host !== undefined ? [place.host] : [],
  );
  return Math.max(1, ...hosts.map((host) => Number(/^node(\d+)$/.exec(nodes[host] ?? "")?.[1] ?? 1)));
}

/** Throws `UsageError` with file and line where a prompt names a host that the mapping or the cluster does not know. */
export function checkHosts(
  { file }: Tutorial,
  steps: readonly Step[],
  { nodes }: Mapping,
  count: number,
): void {
  for (const { place, line } of steps) {
    if (place.kind !== "node") continue;
    const node = nodes[place.host];
    if (node === undefined) {
      throw new UsageError(
        `${file}:${line}: the prompt names the host ${place.host}; expected one of ${Object.keys(nodes).join(", ")}`,
        { hint: "add it to the mapping file, under nodes, and name that file with --mapping" },
      );
    }
    const number = /^node(\d+)$/.exec(node)?.[1];
    if (number === undefined || Number(number) > count) {
      throw new UsageError(
        `${file}:${line}: ${place.host} is ${node} in the mapping; expected one of node1 to node${count}`,
        {
          hint: "set NODES, or change the mapping file under nodes",
        },
      );
    }
  }
}
