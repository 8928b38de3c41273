import { expect, test } from "vitest";
import { Baseline } from "./baseline.ts";

const installed = { node1: { links: ["eth0 mtu 1500"] } };
const left = [{ host: "node1", kind: "links", change: "left behind", thing: "br0 mtu 1500" }] as const;

test("what was left where something undeclared was tried is excused", () => {
  const baseline = new Baseline(installed);
  baseline.begin("basics");
  baseline.judged();
  expect(baseline.excuse(left)).toBe(true);
  expect(baseline.known).toEqual(left);
  expect(baseline.leftovers).toEqual([]);
});

test("what a chapter left, and nobody has looked for, is not excused by a try", () => {
  const baseline = new Baseline(installed);
  baseline.begin("basics");
  expect(baseline.unjudged).toBe("basics");
  expect(baseline.excuse(left)).toBe(false);
  expect(baseline.known).toEqual([]);
});

test("what a chapter left is known when the next one begins, and is still told", () => {
  const baseline = new Baseline(installed);
  baseline.begin("basics");
  baseline.judged();
  baseline.leave({ of: "basics", differences: left });
  expect(baseline.snapshot).toBe(installed);
  expect(baseline.known).toEqual(left);
  expect(baseline.leftovers).toEqual([{ of: "basics", differences: left }]);
});
