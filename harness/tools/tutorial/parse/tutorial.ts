import { UsageError } from "#harness/core/errors.ts";
import { type Block, type Heading, type Note, readStructure } from "./blocks.ts";
import type { Lines } from "./document.ts";
import { noteOfUser, readPrompt } from "./prompt.ts";
import { pressesDetachKeys } from "./prose.ts";
import { type Reading, readTranscripts, type TypedStep } from "./transcript.ts";

/** One command of a transcript and what the text shows of its end. */
export interface Step extends Omit<TypedStep, "user" | "kind"> {
  /** Counted from 1 through the whole text. */
  readonly number: number;
  readonly chapter: Chapter;
  /** Heading under which it stands. */
  readonly section: string;
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
const deepestChapter = 3;

/**
 * Reads the transcripts of a tutorial. Throws `UsageError` with file and line for a text without any, and for a command that
 * never ends (here-document, quote, line continuation).
 */
export function parseTutorial(file: string, lines: Lines, reading: Reading = {}): Tutorial {
  const custom = reading.prompts ?? [];
  const structure = readStructure(lines, (line) => readPrompt(line, custom) !== undefined);
  const chapters = chaptersOf(structure.headings);
  const raw = readTranscripts(file, structure, reading);
  if (raw.length === 0) throw nothingToRun(file, structure.blocks);
  const users = raw.flatMap(({ user }) => (user === undefined ? [] : [user]));
  const keys = structure.blocks.filter(
    ({ kind, lines: text }) => kind === "prose" && pressesDetachKeys(text.join(" ")),
  );
  let here = reading.start;
  const steps = raw
    .filter(({ command }) => command !== "")
    .map(({ user, kind, ...step }, index, all): Step => {
      const typo = user === undefined ? undefined : noteOfUser(user, users);
      const outside = kind === "prose" ? ["a command outside of any fence"] : [];
      if (step.place.kind !== "unnamed") here = step.place.host ?? here;
      const unnamed = step.place.kind === "unnamed" && reading.start !== undefined && here !== undefined;
      const next = all[index + 1]?.line ?? Number.POSITIVE_INFINITY;
      return {
        ...step,
        number: index + 1,
        place: unnamed ? { kind: "node", host: here ?? "" } : step.place,
        detached: step.detached || keys.some(({ line }) => line > step.line && line < next),
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
