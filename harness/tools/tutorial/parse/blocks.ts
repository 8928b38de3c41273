import MarkdownIt from "markdown-it";
import type { Lines } from "./document.ts";

/** A heading; `line` counts from 1. */
export interface Heading {
  readonly line: number;
  readonly level: number;
  readonly title: string;
}

/** Consecutive lines that may be a transcript. `line` is that of the first of `lines`, counted from 1. */
export interface Block {
  readonly kind: "fence" | "indented" | "prose";
  readonly line: number;
  readonly lines: readonly string[];
  /** Last line of the block, the closing fence included. */
  readonly end: number;
  /** The word behind the opening fence, e.g. `console`. */
  readonly language: string;
  /** The list items that it stands in, the outermost first; each has a number of its own in the text. */
  readonly items: readonly number[];
  /** Whether it stands in a quotation, as asides do. */
  readonly quoted: boolean;
}

/** Something about the Markdown that a maintainer should know; `line` counts from 1. */
export interface Note {
  readonly line: number;
  readonly text: string;
}

export interface Structure {
  readonly headings: readonly Heading[];
  readonly blocks: readonly Block[];
  readonly notes: readonly Note[];
  /** The lines as they were understood: stray fences emptied, missing ones in place. */
  readonly repaired: readonly string[];
}

/** Fences that are put right in one text: one with more of them is no tutorial with slips. */
const repairsAtMost = 100;
const headingInside = /^ {0,3}#{2,6}\s+\S/;
const closingFence = /^[\s>]*(`{3,}|~{3,})\s*$/;

/**
 * Headings and blocks of a Markdown text. A fence that is never closed swallows headings: it is taken to end before the first
 * heading in it, and one without a single line for which `isPrompt` holds is taken for a stray fence. Both are noted.
 */
export function readStructure(source: Lines, isPrompt: (line: string) => boolean): Structure {
  const lines = [...source];
  const notes: Note[] = [];
  // After each the whole text is read anew.
  for (let repairs = 0; repairs < repairsAtMost; repairs++) {
    const { headings, blocks, fences } = parse(lines);
    const repair = fences
      .map((fence) => repairOf(fence, lines, isPrompt))
      .find((found) => found !== undefined);
    if (!repair) {
      const unclosed = fences.filter(({ closed }) => !closed);
      notes.push(...unclosed.map(({ open }) => ({ line: open, text: "this fence is never closed" })));
      return { headings, blocks, notes: notes.sort((a, b) => a.line - b.line), repaired: lines };
    }
    lines[repair.line - 1] = repair.replacement;
    notes.push(repair.note);
  }
  const { fences, ...rest } = parse(lines);
  const text = `more than ${repairsAtMost} fences hold headings; from here on they are taken as they are`;
  notes.push({ line: fences.at(0)?.open ?? 1, text });
  return { ...rest, notes, repaired: lines };
}

interface Fence {
  /** Line of the opening fence, counted from 1. */
  readonly open: number;
  readonly closed: boolean;
  readonly markup: string;
  readonly lines: readonly string[];
}

function repairOf(
  { open, lines: content, markup }: Fence,
  lines: readonly string[],
  isPrompt: (line: string) => boolean,
): { line: number; replacement: string; note: Note } | undefined {
  const heading = content.findIndex((line) => headingInside.test(line));
  if (heading < 0) return undefined;
  if (!content.some(isPrompt)) {
    const text = "a stray fence: what follows holds a heading and no command, so the fence is left out";
    return { line: open, replacement: "", note: { line: open, text } };
  }
  const before = open + heading;
  if (before <= open || (lines[before - 1] ?? "").trim() !== "") return undefined;
  const text = `this fence is not closed before the heading in line ${before + 1}; it is taken to end there`;
  return { line: before, replacement: markup, note: { line: open, text } };
}

function parse(lines: readonly string[]): {
  headings: Heading[];
  blocks: Block[];
  fences: Fence[];
} {
  const headings: Heading[] = [];
  const blocks: Block[] = [];
  const fences: Fence[] = [];
  const tokens = new MarkdownIt("commonmark").parse(lines.join("\n"), {});
  const items: number[] = [];
  let quotations = 0;
  for (const [index, token] of tokens.entries()) {
    const [from, to] = token.map ?? [0, 0];
    const within = { items: [...items], quoted: quotations > 0 };
    const content = () => token.content.replace(/\n$/, "").split("\n");
    if (token.type === "heading_open") {
      const title = (tokens[index + 1]?.content ?? "").replaceAll(/[*`]/g, "").trim();
      headings.push({ line: from + 1, level: Number(token.tag.slice(1)), title });
    } else if (token.type === "fence") {
      const language = token.info.trim().split(/\s+/)[0] ?? "";
      const last = lines[to - 1] ?? "";
      const closed = to - 1 > from && closingFence.test(last);
      blocks.push({ kind: "fence", line: from + 2, lines: content(), end: to, language, ...within });
      fences.push({ open: from + 1, closed, markup: token.markup, lines: content() });
    } else if (token.type === "code_block") {
      blocks.push({ kind: "indented", line: from + 1, lines: content(), end: to, language: "", ...within });
    } else if (token.type === "inline" && tokens[index - 1]?.type === "paragraph_open") {
      blocks.push({ kind: "prose", line: from + 1, lines: content(), end: to, language: "", ...within });
    } else if (token.type === "list_item_open") items.push(index);
    else if (token.type === "list_item_close") items.pop();
    else if (token.type === "blockquote_open") quotations++;
    else if (token.type === "blockquote_close") quotations--;
  }
  return { headings, blocks, fences };
}
