import { messageOf } from "#harness/core/errors.ts";
/** A value that was read from JSON, or why there is none. */
export type JsonRead =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/**
 * How deep lists and objects of others may be nested. JSON.parse reads any depth; what then walks through the value,
 * JSON.stringify among it, ends somewhere beyond a thousand with a stack overflow.
 */
export const deepestJson = 500;

/** Reads JSON that somebody else wrote: a plugin, a user, another run. Never throws. */
export function parseJson(text: string): JsonRead {
  if (text.trim() === "") return { ok: false, reason: "nothing" };
  if (isDeeper(text, deepestJson))
    return { ok: false, reason: `lists and objects nested more than ${deepestJson} deep` };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
}

function isDeeper(text: string, limit: number): boolean {
  for (const { depth } of eachBracket(text)) if (depth > limit) return true;
  return false;
}

/** A bracket of a list or an object, or the quote that ends a text. */
export interface JsonMark {
  /** Index in the text. */
  readonly at: number;
  /** How many lists and objects are open after it. */
  readonly depth: number;
}

/** Every bracket that stands outside the texts of a JSON document, and the end of every text, in order. The document may be none. */
export function* eachBracket(text: string): Generator<JsonMark> {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') {
        inString = false;
        yield { at, depth };
      }
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") yield { at, depth: ++depth };
    else if (character === "}" || character === "]") yield { at, depth: --depth };
  }
}
