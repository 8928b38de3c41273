/** One row of a listing: cell by column header, as netctl prints it. */
export type TableRow = Readonly<Record<string, string>>;

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

/** What `netctl version` says: `Client Version:` and `Server Version:`, each with a line `Version: …`. */
export function parseVersions(output: string): { client: string; server: string } {
  const parts = sections(output, ["Client Version:", "Server Version:"]);
  const version = (text: string) => /^Version:\s*(\S+)/m.exec(text)?.[1] ?? "unknown";
  return { client: version(parts["Client Version:"]), server: version(parts["Server Version:"]) };
}

/**
 * What went wrong, from the output of a netctl that failed: the last message that it logs as an error, to a terminal
 * (`ERRO[0000] …`) or to a file (`level=error msg="…"`), on one line and without the calls of its programs; else the first line of output.
 * Quotes and line ends inside a message are not escaped.
 */
export function errorIn(output: string): string {
  const [last] = output
    .split(/^(?=time="|[A-Z]{4}\[\d+\])/m)
    .flatMap((entry) => /(?:level=(?:error|fatal) msg=|^(?:ERRO|FATA)\[\d+\])(.*)$/s.exec(entry)?.[1] ?? [])
    .slice(-1);
  const said = last ?? output.split("\n").find((line) => line.trim() !== "") ?? "";
  const lines = said.replaceAll('\\"', '"').split(/\\n|\n/);
  return lines
    .filter((line) => !/ \[\w+\.(?:go|s) \d+\]$/.test(line))
    .join(" ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/^"(.*?)\s*"$/, "$1");
}
