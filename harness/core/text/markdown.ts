/**
 * A Markdown text with `content` between the comments `<!-- name -->` and `<!-- /name -->`, where a command keeps what
 * it has made; everything else is its writers'. `undefined` when the text has no such place.
 */
export function replaceBlock(text: string, name: string, content: string): string | undefined {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = text.indexOf(begin);
  if (from < 0) return undefined;
  const to = text.indexOf(end, from);
  const rest = to < 0 ? text.slice(from + begin.length) : text.slice(to + end.length);
  return `${text.slice(0, from)}${begin}\n${content}\n${end}${rest}`;
}

/**
 * A Markdown table, its columns aligned as Biome aligns them. Cells are Markdown; a `|` or a line break in one does not
 * end it.
 */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")),
  );
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...(row[column] ?? "")].length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => padded(row[column] ?? "", width)).join(" | ")} |`;
  const [first = [], ...others] = cells;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join("\n");
}

function padded(text: string, width: number): string {
  return text + " ".repeat(width - [...text].length);
}
