import { readFileSync } from "node:fs";
import { z } from "zod";
import { describeEntry } from "#harness/host/transcript.ts";
import { plural } from "#reports/conformance/console.ts";
import { escapeHtml } from "#reports/page/page.ts";

const entrySchema = z.object({
  host: z.string(),
  argv: z.array(z.string()),
  code: z.number().nullable(),
  signal: z.string().nullable(),
  stdout: z.string(),
  stderr: z.string(),
  startedAt: z.number(),
  durationMs: z.number(),
});
type Entry = z.infer<typeof entrySchema>;

/** How much of a transcript is shown: the last `commands`, of each at most `characters` of its output. */
export interface Bounds {
  commands: number;
  characters: number;
}

/** The last commands of a transcript file with their output, as HTML. What cannot be read is said, in place. */
export function renderCommands(path: string, bounds: Bounds): { count: number; html: string } {
  let lines: string[];
  try {
    lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    const html = `<p class="quiet">The transcript cannot be read: ${escapeHtml((error as Error).message)}</p>`;
    return { count: 0, html };
  }
  const shown = lines.slice(-bounds.commands).map((line) => renderLine(line, bounds.characters));
  const left = lines.length - shown.length;
  const more =
    left > 0 ? `<p class="quiet small">${plural(left, "earlier command")} in the transcript.</p>` : "";
  return { count: lines.length, html: `${more}${shown.join("\n")}` };
}

function renderLine(line: string, characters: number): string {
  const parsed = parse(line);
  if (!parsed) return `<p class="quiet">An unreadable line of ${line.length} characters.</p>`;
  const output = [parsed.stdout, parsed.stderr].map((text) => text.trimEnd()).filter(Boolean);
  const text = cut(output.join("\n"), characters) || "(no output)";
  const tone = parsed.code === 0 ? "" : " nonzero";
  return `<pre class="wrap${tone}"><span class="command">${escapeHtml(describeEntry(parsed))}</span>\n${escapeHtml(text)}</pre>`;
}

function parse(line: string): Entry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function cut(text: string, limit: number): string {
  return text.length <= limit
    ? text
    : `${text.slice(0, limit)}\n… ${text.length - limit} more characters in the transcript`;
}
