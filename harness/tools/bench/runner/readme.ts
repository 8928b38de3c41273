import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { replaceBlock } from "#harness/core/text/markdown.ts";

/** Puts `content` between the markers of a Markdown text; a section of its own at the end where there are none. */
export function insertBench(text: string, content: string): string {
  const replaced = replaceBlock(text, "bench", content);
  if (replaced !== undefined) return replaced;
  return `${text === "" ? "" : `${text.trimEnd()}\n\n`}## Speed\n\n<!-- bench -->\n${content}\n<!-- /bench -->\n`;
}

/** Writes the section into the file, which is made if it is missing. */
export function writeBench(path: string, content: string): void {
  writeFileSync(path, insertBench(existsSync(path) ? readFileSync(path, "utf8") : "", content));
}
