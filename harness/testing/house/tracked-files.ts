import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "#harness/core/project-root.ts";
import { $ } from "#harness/host/local/zx.ts";

/** Files of the project as Git knows them, new ones included, relative to its root. */
export async function trackedFiles(): Promise<string[]> {
  const argv = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const deleted = new Set(await list(["ls-files", "--deleted"]));
  return (await list(argv)).filter((path) => !deleted.has(path));
}

/** The text of a file of the project. */
export function readTracked(path: string): string {
  return readFileSync(join(projectRoot, path), "utf8");
}

/** The documents that people read first: README.md and docs/*.md. */
export async function documents(): Promise<string[]> {
  return (await trackedFiles()).filter((path) => path === "README.md" || /^docs\/[^/]+\.md$/.test(path));
}

/** The rows of the Markdown table below a heading, each as its cells; without the head. */
export function tableBelow(text: string, heading: string): string[][] {
  const lines = text.slice(text.indexOf(`\n${heading}\n`)).split("\n");
  const from = lines.findIndex((line) => line.startsWith("|"));
  const length = lines.slice(from).findIndex((line) => !line.startsWith("|"));
  return lines
    .slice(from + 2, length < 0 ? undefined : from + length)
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** What stands between backquotes in a Markdown text, fences left out. */
export function codeSpans(text: string): string[] {
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

async function list(argv: readonly string[]): Promise<string[]> {
  const listed = await $({ cwd: projectRoot })`${["git", ...argv]}`;
  if (listed.exitCode !== 0) throw new Error(listed.stderr);
  return listed.stdout.split("\n").filter(Boolean);
}
