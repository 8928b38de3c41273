import { describe, expect, it } from "vitest";
import { UsageError } from "#harness/core/errors.ts";
import { brokenGates, parseGate } from "./gate.ts";
import type { TargetStatement } from "./schema.ts";

const target = (name: string, facts?: Record<string, number>): TargetStatement => ({
  ...{ name, driver: "mine", title: "Mine", engine: "26.1", declared: [], versions: {}, profiles: [] },
  results: [
    {
      ...{ requirement: "Q1", title: "", level: "SHOULD", source: { text: "" }, profile: "latencies" },
      ...{ outcome: "passed", durationMs: 1, evidence: [], tests: [] },
      ...(facts ? { facts } : {}),
    },
  ],
});

describe("a gate", () => {
  it("is a latency, a quantile and a time", () => {
    expect(parseGate("policy-p99=500ms")).toMatchObject({ latency: "policy", quantile: "p99", limitMs: 500 });
    expect(parseGate("first-packet-p50=1.5s")).toMatchObject({ latency: "first-packet", limitMs: 1500 });
  });

  it.each(["policy", "policy-p99", "policy-p98=1ms", "policy-p99=500", "policy-p99=-1ms", "rule-p99=1ms", ""])(
    "is not %j",
    (text) => {
      expect(() => parseGate(text)).toThrow(UsageError);
    },
  );

  it("is broken where the time is exceeded, and where it was not measured", () => {
    const targets = [
      target("a@26.1", { "policy p99 ms": 500 }),
      target("b@26.1", { "policy p99 ms": 501 }),
      target("c@26.1"),
    ];
    expect(brokenGates({ targets }, [parseGate("policy-p99=500ms")])).toEqual([
      "policy-p99=500ms on b@26.1: 501 ms",
      "policy-p99=500ms on c@26.1: not measured",
    ]);
    expect(brokenGates({ targets }, [])).toEqual([]);
  });

  it("asks nothing of protocol suites", () => {
    const suite = { ...target("mine@cnm-29.7"), engine: "cnm-29.7" };
    expect(brokenGates({ targets: [suite] }, [parseGate("policy-p99=500ms")])).toEqual([]);
  });
});
