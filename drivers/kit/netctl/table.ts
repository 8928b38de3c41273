/** One row of a listing: cell by column header, as netctl prints it. */
export type TableRow = Readonly<Record<string, string>>;

/** Columns with two spaces between them and a dashed rule below the head, as netctl prints its listings. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((title) => "-".repeat(title.length));
  const lines = [head, rule, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) => widths.map((width, column) => (line[column] ?? "").padEnd(width)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}

/**
 * Reads a table of netctl: a line of headers, a dashed rule, rows. The rule tells where the columns begin, since
 * cells can be empty and headers contain blanks. Lines before the headers are left out; no rule, no rows.
 */
export function parseTable(output: string): TableRow[] {
  const lines = output.split("\n");
  const at = lines.findIndex(isRule);
  if (at < 1) return [];
  const starts = [...lines[at]!.matchAll(/\S+/g)].map(({ index }) => index);
  const cells = (line: string) => starts.map((start, column) => line.slice(start, starts[column + 1]).trim());
  const headers = cells(lines[at - 1]!);
  return lines
    .slice(at + 1)
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const row = cells(line);
      return Object.fromEntries(headers.map((header, column) => [header, row[column] ?? ""]));
    });
}

function isRule(line: string): boolean {
  return line.includes("--") && /^[-/\s]+$/.test(line);
}

/** Cuts an output at its headings, e.g. `Incoming Rules:`, into the text below each. */
export function sections<Heading extends string>(
  output: string,
  headings: readonly Heading[],
): Record<Heading, string> {
  const found = Object.fromEntries(headings.map((heading) => [heading, ""])) as Record<Heading, string>;
  let current: Heading | undefined;
  for (const line of output.split("\n")) {
    const heading = headings.find((candidate) => line.trim() === candidate);
    if (heading) current = heading;
    else if (current) found[current] += `${line}\n`;
  }
  return found;
}
