/** A text of any origin inside a table cell or a list item of GitHub's Markdown; mentions nobody. */
export function cellText(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_[\]<>|]/g, "\\$&")
    .replaceAll("@", "&#64;");
}

/** A text of any origin inside HTML. */
export function htmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(/\s+/g, " ");
}

/** A text of any origin as a code block that it cannot end, of its first lines. */
export function fence(text: string, most = 30): string {
  const longestRun = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const marks = "`".repeat(longestRun + 1);
  const lines = text.trim().split("\n");
  const kept = lines.length > most ? [...lines.slice(0, most), `… ${lines.length - most} more lines`] : lines;
  return `${marks}\n${kept.join("\n")}\n${marks}`;
}
