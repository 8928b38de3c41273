import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** `FILE:LINE` of the first line that holds one of these texts, the first text that is there; else the file alone. */
export function lineNaming(file: string, ...texts: readonly string[]): string {
  const lines = linesOf(file);
  const numbers = texts.map((text) => lines.findIndex((line) => line.includes(text)) + 1);
  return at(file, numbers.find(Boolean));
}

/** `FILE:LINE` in the file where an error arose that was thrown, or found when the file was read; else the file alone. */
export function lineThrown(file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const places = [pathToFileURL(file).href, file].map((place) => RegExp.escape(place)).join("|");
  return at(file, Number(new RegExp(`(?:${places})(?:\\?[^:\\s]*)?:(\\d+)`).exec(stack)?.[1]));
}

function at(file: string, line: number | undefined): string {
  return line ? `${file}:${line}` : file;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}
