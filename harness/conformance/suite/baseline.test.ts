import { expect, test } from "vitest";
import { Baseline } from "./baseline.ts";

const installed = { node1: { links: ["eth0 mtu 1500"] } };
const littered = { node1: { links: ["eth0 mtu 1500", "br0 mtu 1500"] } };

test("what was left where something undeclared was tried is excused", () => {
  const baseline = new Baseline(installed);
  baseline.begin("basics");
  baseline.judged();
  expect(baseline.excuse(littered)).toBe(true);
  expect(baseline.snapshot).toBe(littered);
  expect(baseline.leftovers).toEqual([]);
});

test("what a chapter left, and nobody has looked for, is not excused by a try", () => {
  const baseline = new Baseline(installed);
  baseline.begin("basics");
  expect(baseline.unjudged).toBe("basics");
  expect(baseline.excuse(littered)).toBe(false);
  expect(baseline.snapshot).toBe(installed);
});

test("what a chapter left is there when the next one begins, and is still told", () => {
  const baseline = new Baseline(installed);
  baseline.begin("basics");
  baseline.renew(littered, { of: "basics", told: "node1 links: left behind: br0" });
  expect(baseline.snapshot).toBe(littered);
  expect(baseline.unjudged).toBeUndefined();
  expect(baseline.leftovers).toEqual([{ of: "basics", told: "node1 links: left behind: br0" }]);
});
