import { describe, expect, test } from "vitest";
import { Nonconformance } from "#harness/core/errors.ts";
import { expectFact, expectPresent, expectThat } from "./expect.ts";

/** The failure with exactly this message. */
const brokenBy = (message: string) => expect.objectContaining({ name: "Nonconformance", message });

const finding = { who: "c-1", expected: "an address", got: "none" };

describe("a fact", () => {
  test.each([
    [1500, 1450, "c-1: expected its MTU to be 1450, got 1500"],
    ["up", "down", "c-1: expected its MTU to be down, got up"],
    [[1], ["1"], 'c-1: expected its MTU to be ["1"], got [1]'],
    [{ a: 1 }, { a: 1, b: 2 }, 'c-1: expected its MTU to be {"a":1,"b":2}, got {"a":1}'],
    [1, "1", "c-1: expected its MTU to be 1, got 1"],
  ])("%j is not %j", (got, expected, message) => {
    expect(() => expectFact<unknown>("c-1", "its MTU", got, expected)).toThrow(Nonconformance);
    expect(() => expectFact<unknown>("c-1", "its MTU", got, expected)).toThrow(brokenBy(message));
  });

  test("is told with its evidence below it", () => {
    expect(() => expectFact("c-1", "its MTU", 1500, 1450, "  mtu 1500")).toThrow(
      brokenBy("c-1: expected its MTU to be 1450, got 1500\n  mtu 1500"),
    );
  });

  test.each([
    [1, 1],
    ["a", "a"],
    [
      [1, { a: 2 }],
      [1, { a: 2 }],
    ],
    [undefined, undefined],
  ])("%j is %j", (got, expected) => {
    expect(() => expectFact<unknown>("c-1", "it", got, expected)).not.toThrow();
  });
});

test("a condition that holds is nothing, and one that does not is the finding", () => {
  expect(() => expectThat(true, finding)).not.toThrow();
  expect(() => expectThat(false, { ...finding, evidence: "  ip addr" })).toThrow(
    brokenBy("c-1: expected an address, got none\n  ip addr"),
  );
  expect(() => expectThat(false, finding)).toThrow(Nonconformance);
});

test("a value that is there is given back, whatever it is", () => {
  for (const value of [0, "", false, { a: 1 }]) expect(expectPresent(value, finding)).toBe(value);
  for (const none of [undefined, null]) {
    expect(() => expectPresent(none, finding)).toThrow(Nonconformance);
    expect(() => expectPresent(none, finding)).toThrow("c-1: expected an address, got none");
  }
});
