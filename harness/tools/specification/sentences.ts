import { createHash } from "node:crypto";
import MarkdownIt, { type Token } from "markdown-it";
import type { Keyword } from "#suites/requirements/sources/sentence.ts";
import { keywordOf } from "./keywords.ts";

/** A sentence of a specification that obliges or permits something. Its text is the specification's, and stays with the user. */
export interface Sentence {
  /** Number of the section and short heading, e.g. `2, DEL`. */
  readonly section: string;
  /** The strongest that it has. */
  readonly keyword: Keyword;
  /** Markup, line breaks and the targets of links left out; with the list or the code that it introduces. */
  readonly text: string;
  /** sha256 of the text, in hexadecimal. */
  readonly hash: string;
}

/** A block of text. */
interface Block {
  readonly section: string;
  readonly kind: "prose" | "code" | "row";
  readonly text: string;
  /** In how many lists it stands. */
  readonly depth: number;
}

/** A row of a table or a list of error codes. */
const errorCode = /^`?\d+`?\s*[-:|]\s/;
/** What a sample in code says of its fields. */
const fieldNote = /\((?:required|optional)\b/;

/**
 * The sentences of a Markdown text that oblige or permit, by a word of RFC 2119 in any case of letters, in the order of the
 * text; one that is repeated comes once. What introduces a list or code, at the end of its paragraph, has with it that code, and
 * those sentences of the list that have no such word. Code by itself counts where it says which fields are required or optional.
 */
export function sentencesOf(markdown: string): Sentence[] {
  const blocks = blocksOf(new MarkdownIt().parse(markdown, {}));
  const byHash = new Map<string, Sentence>();
  for (const [index, block] of blocks.entries()) {
    for (const found of textsOf(blocks, block, index))
      if (!byHash.has(found.hash)) byHash.set(found.hash, found);
  }
  return [...byHash.values()];
}

function textsOf(blocks: readonly Block[], block: Block, index: number): Sentence[] {
  const { section, kind, text } = block;
  if (kind === "row" || errorCode.test(text)) return sentence(section, text, "CODE");
  if (kind === "code") {
    const before = blocks[index - 1];
    const isOwn = fieldNote.test(text) && !(before && introduces(before, block));
    return isOwn ? sentence(section, text) : [];
  }
  const texts = splitSentences(text);
  const last = texts.pop() ?? "";
  const whole = keywordOf(last) ? [last, ...introducedBy(blocks, index)].join("\n") : last;
  return [...texts, whole].flatMap((one) => sentence(section, one));
}

function sentence(section: string, text: string, otherwise?: Keyword): Sentence[] {
  const keyword = keywordOf(text) ?? otherwise;
  const hash = createHash("sha256").update(text).digest("hex");
  return keyword === undefined ? [] : [{ section, keyword, text, hash }];
}

/** Whether a paragraph that has a keyword in its last sentence leads to what follows it. */
function introduces({ kind, text, section }: Block, next: Block): boolean {
  if (kind !== "prose" || section !== next.section || text.endsWith(".")) return false;
  return keywordOf(splitSentences(text).at(-1) ?? "") !== undefined;
}

/** The code that the block at `index` introduces, or those sentences of its list that are none of their own. */
function introducedBy(blocks: readonly Block[], index: number): string[] {
  const [block, ...others] = blocks.slice(index);
  const next = others[0];
  if (!block || !next || !introduces(block, next)) return [];
  if (next.kind === "code") return [next.text];
  const end = others.findIndex(({ kind, depth }) => kind !== "prose" || depth <= block.depth);
  const items = others.slice(0, end < 0 ? undefined : end).filter(({ text }) => !errorCode.test(text));
  return items.flatMap(({ text }) => splitSentences(text).filter((one) => keywordOf(one) === undefined));
}

function blocksOf(tokens: readonly Token[]): Block[] {
  const blocks: Block[] = [];
  let part = "";
  let section = "";
  let depth = 0;
  let row: string[] | undefined;
  let isErrorTable = false;
  for (const [index, token] of tokens.entries()) {
    const opened = tokens[index - 1]?.type;
    const text = token.type === "inline" ? plainText(token) : token.content;
    if (token.type === "bullet_list_open" || token.type === "ordered_list_open") depth++;
    else if (token.type === "bullet_list_close" || token.type === "ordered_list_close") depth--;
    else if (token.type === "tr_open") row = [];
    else if (token.type === "tr_close") {
      if (row?.[0]?.match(/error code/i)) isErrorTable = true;
      else if (row && isErrorTable) blocks.push({ section, kind: "row", text: row.join(" | "), depth });
      row = undefined;
    } else if (token.type === "table_open") isErrorTable = false;
    else if (token.type === "inline" && row) row.push(text);
    else if (token.type === "inline" && opened === "heading_open") {
      const numbered = /^Section (\d+)/.exec(text)?.[1];
      const top = tokens[index - 1]?.tag;
      part = numbered ?? (top === "h1" || top === "h2" ? "" : part);
      const short = text
        .replace(/^Section \d+: /, "")
        .replace(/:.*$/, "")
        .replaceAll("`", "");
      section = part === "" ? short : `${part}, ${short}`;
    } else if (token.type === "inline" && opened === "paragraph_open") {
      blocks.push({ section, kind: "prose", text, depth });
    } else if (token.type === "fence" || token.type === "code_block") {
      blocks.push({ section, kind: "code", text: oneLine(text), depth });
    }
  }
  return blocks;
}

/** The text of a paragraph without its markup; code keeps its backquotes. */
function plainText({ children }: Token): string {
  const parts = (children ?? []).map(({ type, content }) => {
    if (type === "softbreak" || type === "hardbreak") return " ";
    return type === "code_inline" ? `\`${content}\`` : content;
  });
  return oneLine(parts.join(""));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** Sentences end with a full stop before a capital letter, code or a bracket; abbreviations end none. */
function splitSentences(text: string): string[] {
  const ends = /(?<!\b(?:i\.e|e\.g|eg|vs|cf)[.,]?)(?<=[.!?]["')*]*)\s+(?=["'(*]*[A-Z`])/;
  return text.split(ends).filter(Boolean);
}
