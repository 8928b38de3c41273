import { existsSync, readFileSync, writeFileSync } from "node:fs";

const begin = "<!-- bench -->";
const end = "<!-- /bench -->";

/** Puts `content` between the markers of a Markdown text; a section of its own at the end where there are none. */
export function insertBench(text: string, content: string): string {
  const block = `${begin}\n${content}\n${end}`;
  const from = text.indexOf(begin);
  if (from < 0) return `${text === "" ? "" : `${text.trimEnd()}\n\n`}## Speed\n\n${block}\n`;
  const to = text.indexOf(end, from);
  const rest = to < 0 ? text.slice(from + begin.length) : text.slice(to + end.length);
  return text.slice(0, from) + block + rest;
}

/** Writes the section into the file, which is made if it is missing. */
export function writeBench(path: string, content: string): void {
  writeFileSync(path, insertBench(existsSync(path) ? readFileSync(path, "utf8") : "", content));
}
