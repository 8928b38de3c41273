import { expect, test } from "vitest";
import { argumentsOfGates, checkGates, parseGate } from "./gates.ts";

test.each([
  ["policy-p99=500ms", { latency: "policy", percentile: 99, limitMs: 500 }],
  ["first-packet-p50=1.5s", { latency: "first-packet", percentile: 50, limitMs: 1_500 }],
  ["policy-order-p99=0.5ms", { latency: "policy-order", percentile: 99, limitMs: 0.5 }],
])("%s is a gate", (text, gate) => {
  expect(parseGate(text)).toEqual(gate);
});

test.each([
  ["polcy-p99=500ms", "no such gate: expected one of policy-p50, policy-p99, "],
  ["policy-p90=500ms", "no such gate"],
  ["policy=500ms", "no such gate"],
  ["", "no such gate"],
  ["policy-p99", "expected a limit above 0 in ms or s, e.g. policy-p99=500ms"],
  ["policy-p99=", "expected a limit"],
  ["policy-p99=500", "expected a limit"],
  ["policy-p99=500us", "expected a limit"],
  ["policy-p99=0ms", "expected a limit"],
  ["policy-p99=-5ms", "expected a limit"],
  ["policy-p99=5ms=6ms", "expected a limit"],
  ["policy-p99=1e3ms", "expected a limit"],
  ["policy-p99=5 ms", "expected a limit"],
])("%j is refused, with what is known", (text, message) => {
  expect(() => parseGate(text)).toThrow(message);
});

test("a gate is typed as it was read", () => {
  const gates = ["policy-p99=500ms", "first-name-p50=2s"].map(parseGate);
  expect(argumentsOfGates(gates)).toEqual(["--gate", "policy-p99=500ms", "--gate", "first-name-p50=2000ms"]);
});

test("a gate that nothing of the run can measure is a mistake before it begins", () => {
  const gates = [parseGate("policy-p99=500ms")];
  expect(() => checkGates(gates, ["suites/disorder/"], [])).not.toThrow();
  expect(() => checkGates(gates, ["suites/disorder/"], ["D7", "D3"])).not.toThrow();
  expect(() => checkGates(gates, ["suites/multihost/"], [])).toThrow("none of its tests is of D7");
  expect(() => checkGates(gates, ["suites/disorder/"], ["D7b"])).toThrow("none of D7b measures it");
  expect(() => checkGates([...gates, ...gates], ["suites/disorder/"], [])).toThrow("two limits");
});
