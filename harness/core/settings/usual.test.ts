import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { readUsual } from "./usual.ts";

const folder = mkdtempSync(join(tmpdir(), "netconform-usual-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(manifest: string | undefined): Readonly<Record<string, string>> {
  rmSync(join(folder, "package.json"), { force: true });
  if (manifest !== undefined) writeFileSync(join(folder, "package.json"), manifest);
  return readUsual(["DRIVER", "ENGINE"], folder);
}

it.each([
  ["no package.json", undefined, {}],
  ["no settings", '{ "name": "x" }', {}],
  ["a setting", '{ "netconform": { "DRIVER": "./mine.mts" } }', { DRIVER: "./mine.mts" }],
])("%s", (_, manifest, usual) => {
  expect(read(manifest)).toEqual(usual);
});

it.each([
  [
    "an unknown name",
    '{ "netconform": { "DRVER": "x" } }',
    /package\.json: netconform\.DRVER: no such setting/,
  ],
  ["no text", '{ "netconform": { "NODES": 2 } }', /package\.json: netconform: expected texts/],
  ["no JSON", "{", /package\.json is no JSON/],
])("%s is the caller's mistake, with the file", (_, manifest, message) => {
  expect(() => read(manifest)).toThrow(UsageError);
  expect(() => read(manifest)).toThrow(message);
});
