/** The first line of a text, without the space around it; empty for none. */
export function firstLineOf(text = ""): string {
  return text.trim().split("\n", 1)[0]?.trimEnd() ?? "";
}
