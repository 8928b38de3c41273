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
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") {
      depth++;
      if (depth > limit) return true;
    } else if (character === "}" || character === "]") depth--;
  }
  return false;
}
