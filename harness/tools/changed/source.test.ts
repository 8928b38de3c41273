import { expect, test } from "vitest";
import { readSource } from "./source.ts";

test("imports of values, and none of types alone or of what is loaded later", () => {
  const { imports } = readSource(`// é
import type { A } from "./a.ts";
import { type B } from "./b.ts";
import { type C, d } from "#harness/d.ts";
import "./e.ts";
export * from "./f.ts";
export type { G } from "./g.ts";
export const h = () => import("./h.ts");
`);
  expect(imports).toEqual(["#harness/d.ts", "./e.ts", "./f.ts"]);
});

test("tests by their requirement, and objects by their name, with their lines", () => {
  const { tests, objects, texts } = readSource(`chapter("x", ({ requirement }) => {
  requirement(
    "M4",
    "a test",
    async () => {},
  );
  suite.requirement("M5", "another", async () => {});
});
const faults = [
  {
    name: "wire-cut",
  },
  { ...behaviour("debug-ipam", "one-at-a-time"), why: "x" },
];
const rules = { M4: rule("title"), "M10b": { title: "y" } };
`);
  expect(tests).toEqual([
    { name: "M4", first: 2, last: 6 },
    { name: "M5", first: 7, last: 7 },
  ]);
  expect(objects).toEqual([
    { name: "wire-cut", first: 10, last: 12 },
    { name: "one-at-a-time", first: 13, last: 13 },
    { name: "M4", first: 15, last: 15 },
    { name: "M10b", first: 15, last: 15 },
  ]);
  expect(texts.has("M4") && texts.has("debug-ipam")).toBe(true);
});
