import { statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import type { RequirementResult } from "#reports/conformance/schema.ts";
import { plural } from "#reports/conformance/words.ts";
import { type Html, html, lines } from "#reports/page/html.ts";
import { encodePath, link, picture } from "#reports/page/link.ts";
import { details } from "#reports/page/parts.ts";
import { type Bounds, renderCommands } from "./commands.ts";

/** The commands of a requirement and the files that show its outcome; `path` is the folder of the cell. */
export function renderEvidence(result: RequirementResult, path: string, bounds: Bounds): Html {
  const { transcript, evidence, outcome } = result;
  const parts: Html[] = [];
  if (transcript !== undefined) {
    const { count, shown } = renderCommands(join(path, transcript), bounds);
    const open = outcome === "failed" || outcome === "error";
    const summary = `${plural(count, "command")} and their output`;
    parts.push(details({ summary, open, className: "commands" }, shown));
  }
  const files = [...evidence, ...(transcript === undefined ? [] : [transcript])];
  if (files.length > 0) {
    const items = files.map((file) => renderFile(file, path));
    parts.push(html`<p class="small">Evidence:</p><ul class="small">${items}</ul>`);
  }
  return lines(parts);
}

function renderFile(file: string, path: string): Html {
  const size = statSync(join(path, file), { throwIfNoEntry: false })?.size;
  const told = size === undefined ? "missing" : `${Math.ceil(size / 1024)} kB`;
  const href = encodePath(file);
  const name = basename(file);
  const shown =
    size !== undefined && extname(file) === ".svg" && html`<br>${link(href, picture(href, name))}`;
  return html`<li>${link(href, name)} <span class="quiet small">${told}</span>${shown}</li>`;
}
