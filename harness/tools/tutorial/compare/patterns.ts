/** IPv4 address, without prefix. */
export const ipv4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d]|\.\d)/;
export const mac = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
/** Ids as engines print them: hexadecimal, whole or cut, or swarm mode's 25 letters. */
export const objectId = /^(?:(?:ep-)?[0-9a-f]{12,64}|[a-z0-9]{25})$/;

const noise = [
  /^Unable to find image /,
  /: (Pulling|Pull complete|Already exists|Waiting|Verifying|Download)/,
  /^(Digest|Status): /,
];

/** Lines without what says nothing: downloads, the prefix of log lines, blanks at the end. */
export function significant(lines: readonly string[]): string[] {
  return lines
    .map((line) => line.replace(/^(INFO|WARN)\[\d+\] /, "").trimEnd())
    .filter((line) => line.trim() !== "" && !noise.some((pattern) => pattern.test(line)));
}

export function linesOf(text: string): string[] {
  return significant(text.split("\n"));
}

/** A text with words in place of what differs from machine to machine: addresses, swarm tokens, ids. */
export function volatileOut(text: string): string {
  return text
    .replaceAll(new RegExp(ipv4, "g"), "ADDRESS")
    .replaceAll(/\bSWMTKN-[\w-]+/g, "TOKEN")
    .replaceAll(/\b(?:[0-9a-f]{12,64}|[a-z0-9]{25})\b/g, "ID");
}
