import { expect, test } from "vitest";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import { samplesOf } from "#suites/disorder/latencies/samples.ts";
import { judge } from "#suites/disorder/latencies/verdict.ts";
import type { LatencyName } from "#suites/requirements/rules/latencies.ts";

/** What the judge told of these samples, and what it threw. */
function judged(name: LatencyName, samples: readonly number[]) {
  const facts: Record<string, unknown> = {};
  const kept: string[] = [];
  const fact = (what: string, value: unknown) => {
    facts[what] = value;
  };
  const tools = {
    ...{ fact, varyingFact: fact },
    note: () => {},
    keep: ({ name: file }: { readonly name: string }) => void kept.push(file),
  };
  let thrown: unknown;
  try {
    judge(tools, name, samples);
  } catch (error) {
    thrown = error;
  }
  return { facts, kept, thrown };
}

test("p50 and p99 are facts in milliseconds, and the samples are kept", () => {
  const samples = Array.from({ length: 200 }, (_, index) => index + 1.04);
  expect(judged("first-packet", samples)).toEqual({
    facts: { "first-packet p50 ms": 100, "first-packet p99 ms": 198, "first-packet samples": 200 },
    kept: ["first-packet.json"],
    thrown: undefined,
  });
});

test("a p99 beyond what the catalogue says is a failure, and told all the same", () => {
  const { facts, thrown } = judged("policy", [0, 0, 1_200]);
  expect(facts).toEqual({ "policy p50 ms": 0, "policy p99 ms": 1_200, "policy samples": 3 });
  expect(thrown).toBeInstanceOf(Nonconformance);
  expect(judged("policy", [0, 0, 1_000]).thrown).toBeUndefined();
  expect(judged("policy-order", [60_000]).thrown).toBeUndefined();
});

test("nothing is no measurement", () => {
  const { facts, thrown } = judged("first-name", []);
  expect(facts).toEqual({});
  expect(thrown).toBeInstanceOf(ProbeFailed);
});

test("samples have numbers, and come one after the other", async () => {
  let underWay = 0;
  const taken = await samplesOf(12, async (number) => {
    expect(++underWay).toBe(1);
    await Promise.resolve();
    underWay--;
    return number;
  });
  expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});
