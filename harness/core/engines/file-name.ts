import { createHash } from "node:crypto";

/** Names longer than this are cut: Windows and archives count whole paths. */
const most = 100;

/**
 * The name of a file or folder for a target or cell, such as `overlay@28.5[bip=10.1.0.1/24]`, on every system and in artefacts of CI.
 * Letters, digits and `. _ @ + - = ,` stay, brackets become `_`; where more than that is replaced, part of a hash tells names apart.
 */
export function fileNameOf(name: string): string {
  const plain = name.replaceAll("[", "_").replaceAll("]", "");
  if (/^[\w.@+=,-]*[\w=+-]$/.test(plain) && plain.length <= most) return plain;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${plain.replaceAll(/[^\w.@+=,-]+/g, "_").slice(0, most)}-${hash}`;
}
