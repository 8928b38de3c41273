import { existsSync, readFileSync, statSync } from "node:fs";
import { UsageError } from "#harness/core/errors.ts";

const megabyte = 1_000_000;
const largestBytes = 5 * megabyte;

/** The lines of a text file, without their ends (LF, CRLF or CR) and without a byte order mark. */
export type Lines = readonly string[];

/**
 * Reads a text that a user named. Throws `UsageError` naming file, line and value for what is not there, no file,
 * empty, larger than 5 MB, or no UTF-8 text; `what` says in messages what the file should be.
 */
export function readLines(path: string, what: string): Lines {
  const expected = (got: string, line?: number) =>
    new UsageError(`${path}${line === undefined ? "" : `:${line}`}: expected ${what}, got ${got}`);
  if (!existsSync(path)) throw expected("no such file");
  const found = statSync(path);
  if (!found.isFile()) throw expected(found.isDirectory() ? "a folder" : "no regular file");
  if (found.size > largestBytes) {
    throw expected(`${(found.size / megabyte).toFixed(1)} MB; the limit is ${largestBytes / megabyte} MB`);
  }
  const bytes = readFileSync(path);
  const lineAt = (offset: number) => bytes.subarray(0, offset).toString("latin1").split("\n").length;
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw expected(`a byte 0x00 at offset ${zero}: a binary file`, lineAt(zero));
  const text = decode(bytes);
  if (text === undefined) {
    const bad = firstBadLine(bytes);
    throw expected("bytes that are no UTF-8", bad);
  }
  if (text.trim() === "") throw expected("an empty file", 1);
  return text.split(/\r\n|\n|\r/);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function firstBadLine(bytes: Buffer): number {
  const lines = bytes.toString("latin1").split("\n");
  const bad = lines.findIndex((line) => decode(Buffer.from(line, "latin1")) === undefined);
  return bad < 0 ? lines.length : bad + 1;
}
