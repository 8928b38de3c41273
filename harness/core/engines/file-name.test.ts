import { expect, test } from "vitest";
import { fileNameOf } from "./file-name.ts";

test.each([
  ["overlay@26.1", "overlay@26.1"],
  ["overlay@26.1+legacy", "overlay@26.1+legacy"],
  ["overlay@28.5[icc=false,live-restore]", "overlay@28.5_icc=false,live-restore"],
  ["overlay@26.1[icc=false]+28.5", "overlay@26.1_icc=false+28.5"],
])("%s is the file name %s", (name, expected) => {
  expect(fileNameOf(name)).toBe(expected);
});

test("what some system or archive cannot have in a name is replaced, and different names stay different", () => {
  const names = [
    "overlay@28.5[bip=10.1.0.1/24]",
    "overlay@28.5[bip=10.1.0.1:24]",
    'a"b',
    "a\\b",
    "a b",
    "a?b",
    "a<b>",
    "a|b*c",
    "a.",
    "",
    "..",
    `a${"b".repeat(300)}`,
    `a${"b".repeat(301)}`,
  ];
  const files = names.map(fileNameOf);
  expect(files.filter((file) => !/^[\w.@+=,-]{1,110}$/.test(file) || /\.$/.test(file))).toEqual([]);
  expect(new Set(files).size).toBe(names.length);
  expect(files[0]).toMatch(/^overlay@28\.5_bip=10\.1\.0\.1_24-[0-9a-f]{6}$/);
});
