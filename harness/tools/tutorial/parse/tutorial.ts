import { UsageError } from "#harness/core/errors.ts";
import { type Block, type Heading, type Note, readStructure } from "./blocks.ts";
import type { Lines } from "./document.ts";
import { type CustomPrompt, namesHost, noteOfUser, type PromptPlace, readPrompt } from "./prompt.ts";
import { unfinished } from "./shell-line.ts";

/** One command of a transcript and what the text shows of its end. */
export interface Step {
  /** Counted from 1 through the whole text. */
  readonly number: number;
  /** First and last line in the file, counted from 1. */
  readonly line: number;
  readonly endLine: number;
  /** Last line of the fence or paragraph that it stands in. */
  readonly blockEnd: number;
  readonly chapter: Chapter;
  /** Heading under which it stands. */
  readonly section: string;
  readonly place: PromptPlace;
  /** As it is typed; several lines where the text continues one. */
  readonly command: string;
  /** Output as printed, `^C` and remarks such as `<awaiting connection>` taken out. Empty where the text shows none. */
  readonly expected: readonly string[];
  /** Whether the text ends the command with `^C`. */
  readonly interrupted: boolean;
  /** Remarks of the author in the output. */
  readonly remarks: readonly string[];
  readonly notes: readonly string[];
}

export interface Chapter {
  /** Counted from 0 through the text. */
  readonly index: number;
  readonly title: string;
  /** The number that the title gives, e.g. 3 for `Chapter 3: …`. */
  readonly number: number | undefined;
  readonly line: number;
}

export interface Tutorial {
  readonly file: string;
  /** As they were understood: stray fences emptied, missing ones in place. */
  readonly lines: Lines;
  readonly chapters: readonly Chapter[];
  readonly steps: readonly Step[];
  readonly notes: readonly Note[];
}

const numbered = /\bchapter\s+(\d+)/i;
const interrupt = /^\s*\^C(?<rest>.*)$/;
const remark = /^\s*(?:<[^<>]*>|(?:\.\s*){3,}|…|\[(?:\.{3}|…)\])\s*$/;
const deepestChapter = 3;

/**
 * Reads the transcripts of a tutorial. Throws `UsageError` with file and line for a text without any, and for a command that
 * never ends (here-document, quote, line continuation).
 */
export function parseTutorial(file: string, lines: Lines, custom: readonly CustomPrompt[] = []): Tutorial {
  const structure = readStructure(lines, (line) => readPrompt(line, custom) !== undefined);
  const chapters = chaptersOf(structure.headings);
  const transcripts = structure.blocks.filter((block) => isTranscript(block, custom));
  const raw = transcripts.flatMap((block) => readBlock(file, block, custom));
  if (raw.length === 0) throw nothingToRun(file, structure.blocks);
  const users = raw.flatMap(({ user }) => (user === undefined ? [] : [user]));
  const steps = raw
    .filter(({ command }) => command !== "")
    .map(({ user, kind, ...step }, index): Step => {
      const typo = user === undefined ? undefined : noteOfUser(user, users);
      const outside = kind === "prose" ? ["a command outside of any fence"] : [];
      return {
        ...step,
        number: index + 1,
        chapter: lastBefore(chapters, step.line) ?? { index: 0, title: "", number: undefined, line: 1 },
        section: lastBefore(structure.headings, step.line)?.title ?? "",
        notes: [...outside, ...step.notes, ...(typo === undefined ? [] : [typo])],
      };
    });
  if (steps.length === 0) throw nothingToRun(file, structure.blocks);
  return { file, lines: structure.repaired, chapters, steps, notes: structure.notes };
}

function chaptersOf(headings: readonly Heading[]): Chapter[] {
  return headings
    .filter(({ level, title }) => level <= deepestChapter || numbered.test(title))
    .map(({ title, line }, index) => {
      const number = numbered.exec(title)?.[1];
      return { index, title, line, number: number === undefined ? undefined : Number(number) };
    });
}

function lastBefore<T extends { readonly line: number }>(things: readonly T[], line: number): T | undefined {
  return things.findLast((thing) => thing.line <= line);
}

/** Prose is a transcript only where a prompt names its host: nobody writes that in a sentence. */
function isTranscript({ kind, lines }: Block, custom: readonly CustomPrompt[]): boolean {
  return lines.some((line) =>
    kind === "prose" ? namesHost(line, custom) : readPrompt(line, custom) !== undefined,
  );
}

interface RawStep extends Omit<Step, "number" | "chapter" | "section"> {
  readonly user: string | undefined;
  readonly kind: Block["kind"];
}

function readBlock(
  file: string,
  { kind, lines, line: first, end }: Block,
  custom: readonly CustomPrompt[],
): RawStep[] {
  const steps: RawStep[] = [];
  for (let at = 0; at < lines.length; ) {
    const prompt = readPrompt(lines[at] ?? "", custom);
    if (!prompt) {
      at++;
      continue;
    }
    const start = at;
    const typed = [prompt.command];
    for (let open = unfinished(typed); open; open = unfinished(typed)) {
      at++;
      if (at >= lines.length) {
        throw new UsageError(
          `${file}:${first + start}: expected ${describeEnd(open)} before line ${first + lines.length}, got the end of the transcript after: ${prompt.command}`,
        );
      }
      typed.push((lines[at] ?? "").replace(/^> ?/, ""));
    }
    at++;
    const shown: string[] = [];
    while (at < lines.length && !readPrompt(lines[at] ?? "", custom)) shown.push(lines[at++] ?? "");
    while (shown.at(-1)?.trim() === "") shown.pop();
    steps.push({
      kind,
      user: prompt.user,
      line: first + start,
      endLine: first + start + typed.length - 1 + shown.length,
      blockEnd: end,
      place: prompt.place,
      command: typed.join("\n"),
      ...readOutput(shown),
      notes: prompt.notes,
    });
  }
  return steps;
}

function describeEnd(open: NonNullable<ReturnType<typeof unfinished>>): string {
  if (open.kind === "here-document") return `the end of the here-document, ${open.word},`;
  return open.kind === "quote" ? `the closing ${open.quote}` : "the line that \\ announces";
}

function readOutput(shown: readonly string[]): Pick<Step, "expected" | "interrupted" | "remarks"> {
  const remarks: string[] = [];
  let interrupted = false;
  const expected = shown.flatMap((line) => {
    const stopped = interrupt.exec(line);
    if (stopped) {
      interrupted = true;
      const rest = stopped.groups?.rest ?? "";
      return rest.trim() === "" ? [] : [rest];
    }
    if (!remark.test(line)) return [line];
    remarks.push(line.trim());
    return [];
  });
  return { expected: expected.some((line) => line.trim() !== "") ? expected : [], interrupted, remarks };
}

function nothingToRun(file: string, blocks: readonly Block[]): UsageError {
  const fences = blocks.filter(({ kind }) => kind === "fence");
  const [first] = fences;
  const got =
    first === undefined
      ? `${file}:1: expected a transcript in a fence, got a text without any fence`
      : `${file}:${first.line}: expected a transcript, got ${fences.length} fence(s) without a command behind a prompt; the first line is: ${(first.lines[0] ?? "").slice(0, 80)}`;
  return new UsageError(got, {
    hint: "prompts such as user@node1:~$, [user@node1 ~]$, $ and / # are known; others go into the mapping file under prompts",
  });
}
