import { styleText } from "node:util";
import type { Outcome } from "#harness/conformance/outcome.ts";

/** Of `styleText`. */
export type Style = Parameters<typeof styleText>[0];

/** How a text is put on a terminal or into a file. */
export interface Look {
  /** Columns. */
  width: number;
  color: boolean;
}

/** How an outcome looks. */
export const signs: Record<Outcome, { symbol: string; style: Style }> = {
  passed: { symbol: "✔", style: "green" },
  failed: { symbol: "✘", style: ["red", "bold"] },
  error: { symbol: "!", style: ["magenta", "bold"] },
  "engine at fault": { symbol: "⚙", style: ["yellow", "bold"] },
  blocked: { symbol: "⊘", style: "yellow" },
  unsupported: { symbol: "–", style: "gray" },
  "not run": { symbol: "·", style: "gray" },
};

/** How far what belongs to a line stands below it. */
export const indent = "      ";

/** What a terminal can show: its width, and colour only on a terminal and without NO_COLOR. */
export function lookOf(stream: NodeJS.WriteStream): Look {
  const color = styleText("red", "x", { stream, validateStream: true }) !== "x";
  return { width: stream.isTTY ? stream.columns : 120, color };
}

/** A text in its style, where the look has colours. */
export function paint(look: Look, style: Style, text: string): string {
  return look.color ? styleText(style, text, { validateStream: false }) : text;
}

/** A line over a section. */
export function heading(text: string, look: Look): string {
  return paint(look, ["bold", "underline"], text);
}

/** A text of at most `width` characters. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}
