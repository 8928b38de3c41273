import { expect, test } from "vitest";
import { describeWire, isShown, type OfWires, silences, type WireSeen } from "./shown.ts";

const none: WireSeen = { sent: 3, received: 0, slowestMs: 0, dropped: 0 };
const all: WireSeen = { sent: 80, received: 80, slowestMs: 1, dropped: 0 };

test.each<[string, OfWires["kind"], WireSeen, boolean, boolean]>([
  ["nothing is answered, and it has dropped", "cut", { ...none, dropped: 3 }, false, true],
  ["nothing is answered, and it has dropped nothing", "cut", none, false, false],
  ["nothing could be answered anyway", "one way", none, true, true],
  ["something is answered", "one way", { ...none, received: 1, dropped: 2 }, false, false],
  ["it has dropped some", "loss", { ...all, received: 50, dropped: 30 }, false, true],
  ["what it has dropped was answered all the same", "loss", { ...all, dropped: 30 }, false, false],
  ["somebody else has lost some", "loss", { ...all, received: 50 }, false, false],
  ["everything is answered", "loss", all, true, false],
  ["the slowest is late", "delay", { ...all, slowestMs: 200 }, false, true],
  [
    "the slowest of those that are not lost is late",
    "delay",
    { ...all, received: 9, slowestMs: 200 },
    true,
    true,
  ],
  ["some are lost, and none is late", "delay", { ...all, received: 50 }, false, false],
  ["nothing could be late anyway", "delay", none, true, true],
  ["nothing is answered, and nobody says why", "delay", none, false, false],
])("that %s: %s", (_, kind, seen, silent, shown) => {
  expect(isShown(kind, seen, silent)).toBe(shown);
});

test("what lets nothing pass is told from what lets some pass", () => {
  const wire = { wire: "data", node: "near" } as const;
  expect(silences({ kind: "one way", ...wire, direction: "in" })).toBe(true);
  expect(silences({ kind: "node gone", givenUp: false })).toBe(true);
  expect(silences({ kind: "loss", ...wire })).toBe(false);
  expect(silences({ kind: "plugin killed" })).toBe(false);
});

test("what was dropped is told where something was", () => {
  expect(describeWire(all)).toBe("80 of 80 echo requests answered, the slowest after 1 ms");
  expect(describeWire({ ...none, dropped: 3 })).toContain("0 of 3 echo requests answered");
  expect(describeWire({ ...none, dropped: 3 })).toContain("3 packets dropped");
});
