import { readFileSync } from "node:fs";
import { z } from "zod";
import { describeEntry } from "#harness/host/transcript.ts";
import { plural } from "#reports/conformance/words.ts";
import { type Html, html, lines } from "#reports/page/html.ts";

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

/** The last commands of a transcript file with their output. What cannot be read is said, in place. */
export function renderCommands(path: string, bounds: Bounds): { count: number; shown: Html } {
  let entries: string[];
  try {
    entries = readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    const why = (error as Error).message;
    return { count: 0, shown: html`<p class="quiet">The transcript cannot be read: ${why}</p>` };
  }
  const last = entries.slice(-bounds.commands).map((entry) => renderEntry(entry, bounds.characters));
  const left = entries.length - last.length;
  const more =
    left > 0 && html`<p class="quiet small">${plural(left, "earlier command")} in the transcript.</p>`;
  return { count: entries.length, shown: html`${more}${lines(last)}` };
}

function renderEntry(line: string, characters: number): Html {
  const entry = parse(line);
  if (!entry) return html`<p class="quiet">An unreadable line of ${line.length} characters.</p>`;
  const output = [entry.stdout, entry.stderr].map((text) => text.trimEnd()).filter(Boolean);
  const text = cut(output.join("\n"), characters) || "(no output)";
  const nonzero = entry.code !== 0 && " nonzero";
  return html`<pre class="wrap${nonzero}"><span class="command">${describeEntry(entry)}</span>\n${text}</pre>`;
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
