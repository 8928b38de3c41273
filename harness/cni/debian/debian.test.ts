import { expect, test } from "vitest";
import { generationOf } from "./debian.ts";

test.for([
  ["1.1.1+ds1-3+b5", "1.1.1"],
  ["1.9.1-1", "1.9.1"],
  ["2:1.2.0~rc1-1", "1.2.0"],
])("the package %s holds the plugins %s", ([version, generation]) => {
  expect(generationOf(version as string)).toBe(generation);
});
