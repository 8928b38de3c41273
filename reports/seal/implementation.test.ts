import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readImplementation } from "./implementation.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-implementation-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const path = join(folder, "mine.yaml");
  writeFileSync(path, text);
  return path;
}

test("says whose plugin it is, with a version as it is written", () => {
  const path = written("organisation: Example\nproject: mine\nversion: 1.10\ncontact: [a@example.org]\n");
  expect(readImplementation(path)).toEqual({
    ...{ organisation: "Example", project: "mine", version: "1.10" },
    contact: ["a@example.org"],
  });
});

test.each([
  ["a field that is not there", "project: mine\n", /organisation: expected/],
  ["a field that there is none", "trust: me\n", /trust: unknown key/],
  ["no YAML", "a: [", /expected a YAML file/],
])("names %s", (_, text, message) => {
  expect(() => readImplementation(written(text))).toThrow(message);
});
