import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { HarnessError } from "#harness/core/errors.ts";
import { trial, trialMs } from "#harness/testing/garbage/trial.ts";
import type { Verification } from "#reports/verify/verify.ts";
import { damaged } from "./damage.ts";
import { putDown, readersIn } from "./readers.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-garbage-"));
afterAll(() => rmSync(folder, { recursive: true }));
const readers = readersIn(folder);

/** Longest message that a person can still read. */
const longestMessage = 5_000;

describe.each(readers)("$what", { timeout: trialMs }, (reader) => {
  const own = join(folder, reader.what.replaceAll(/\W+/g, "-"));
  mkdirSync(own, { recursive: true });

  test("is read", () => {
    expect(() => reader.read(putDown(own, reader, reader.sample), own)).not.toThrow();
  });

  test("that is damaged is read all the same, or refused in words", () => {
    fc.assert(
      fc.property(damaged(reader.sample), (text) => {
        const path = putDown(own, reader, text);
        try {
          const read = reader.read(path, own);
          if (!reader.what.endsWith("verified") || isSame(text, reader.sample)) return;
          expect((read as Verification).findings).not.toEqual([]);
        } catch (error) {
          if (!(error instanceof HarnessError)) throw error;
          expect(error.message).not.toBe("");
          expect(error.message).not.toMatch(/^ {4}at /m);
          expect(error.message.length).toBeLessThan(longestMessage);
        }
      }),
      trial<[string]>(reader.share ?? 1),
    );
  });
});

/** Whether both say the same, however they are written. */
function isSame(one: string, other: string): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
  } catch {
    return false;
  }
}
