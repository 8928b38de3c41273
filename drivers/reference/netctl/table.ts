/** Columns with two spaces between them and a dashed rule below the head, as netctl prints its listings. */
export function netctlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((title) => "-".repeat(title.length));
  const lines = [head, rule, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      head
        .map((_, column) => (line[column] ?? "").padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
