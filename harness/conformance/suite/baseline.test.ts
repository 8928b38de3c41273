import { expect, test } from "vitest";
import { Baseline } from "./baseline.ts";

const installed = { node1: { links: ["eth0 mtu 1500"] } };
const littered = { node1: { links: ["eth0 mtu 1500", "br0 mtu 1500"] } };

test("what was left where something undeclared was tried is excused", () => {
  const baseline = new Baseline(installed);
  expect(baseline.snapshot).toBe(installed);
  baseline.excuse(littered);
  expect(baseline.snapshot).toBe(littered);
});

test("what a chapter left is never excused by a later try", () => {
  const baseline = new Baseline(installed);
  baseline.markLeftovers();
  baseline.excuse(littered);
  expect(baseline.snapshot).toBe(installed);
});
