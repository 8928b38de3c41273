import { createHash } from "node:crypto";

/** JSON with the keys of every object in the order of their code units, and without spaces: one text for equal values. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, held: unknown) => {
    if (held === null || typeof held !== "object" || Array.isArray(held)) return held;
    return Object.fromEntries(Object.entries(held).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

/** sha256 of a text or of bytes, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** sha256 of a value, whatever the order of its keys. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}
