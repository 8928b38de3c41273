import { eachBracket, parseJson } from "#harness/core/text/json.ts";

/** JSON values found in a text one after the other, and what follows them that is no JSON. */
export interface JsonValues {
  readonly values: readonly unknown[];
  /** Text that could not be read as a further value; empty when all of it was. */
  readonly rest: string;
}

/**
 * Reads every JSON value of `text`. An engine decodes the first value of an answer and never looks at the rest,
 * so that an answer of two objects goes unseen there.
 */
export function readJsonValues(text: string): JsonValues {
  const values: unknown[] = [];
  let rest = withoutSpace(text);
  while (rest !== "") {
    const end = endOfValue(rest);
    const read = parseJson(rest.slice(0, end));
    if (!read.ok) return { values, rest };
    values.push(read.value);
    rest = withoutSpace(rest.slice(end));
  }
  return { values, rest };
}

/** Without what JSON calls white space at its beginning: a byte order mark or a no-break space, which `trim` takes too, is none. */
function withoutSpace(text: string): string {
  return text.replace(/^[ \t\r\n]+/, "");
}

/** Index after the first value of `text`, which starts with it; the whole length when it does not end. */
function endOfValue(text: string): number {
  if (!/^[[{"]/.test(text)) {
    const end = text.search(/[ \t\r\n,[\]{}"]/);
    return end > 0 ? end : text.length;
  }
  for (const { at, depth } of eachBracket(text)) if (depth === 0) return at + 1;
  return text.length;
}
