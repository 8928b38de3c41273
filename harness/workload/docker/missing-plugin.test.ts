import { expect, test } from "vitest";
import { missingPlugin } from "./missing-plugin.ts";

test.each([
  ['plugin "absent" not found', "absent"],
  ['error looking up network plugin absent: plugin "absent" not found', "absent"],
  ["legacy plugin: plugin absent not found", "absent"],
  ['plugin "vendor/absent:latest" not found', "vendor/absent:latest"],
  ["network absent not found", undefined],
  ["Pool overlaps with other one on this address space", undefined],
])("%s", (said, name) => {
  expect(missingPlugin(said)).toBe(name);
});
