import { describe, expect, test } from "vitest";
import { Nonconformance } from "#harness/core/errors.ts";
import { Tries, type UndeclaredTest } from "./undeclared.ts";

const refusal = new Nonconformance({ who: "c1", expected: "open", got: "refused" });

function testOf(more: Partial<UndeclaredTest> = {}): UndeclaredTest {
  return { requirement: "M4", missing: ["multihost"], body: async () => {}, ...more };
}

async function tryAll(tests: readonly UndeclaredTest[]): Promise<boolean[]> {
  const tries = new Tries();
  for (const one of tests) tries.plan(one);
  const seen: boolean[] = [];
  for (const one of tests) seen.push(await tries.try(one));
  return seen;
}

describe("a requirement that the driver does not declare", () => {
  test("holds once all of its tests have held", async () => {
    expect(await tryAll([testOf()])).toEqual([true]);
    expect(await tryAll([testOf(), testOf()])).toEqual([false, true]);
  });

  test("does not hold when one of its tests fails, and what that made is removed", async () => {
    const removed: string[] = [];
    const failing = testOf({
      body: async (scope) => {
        scope.defer("a network", () => removed.push("a network"));
        throw refusal;
      },
    });
    expect(await tryAll([failing, testOf()])).toEqual([false, false]);
    expect(await tryAll([testOf(), failing])).toEqual([false, false]);
    expect(removed).toEqual(["a network", "a network"]);
  });

  test("does not hold when what it made cannot be removed", async () => {
    const body: UndeclaredTest["body"] = async (scope) => {
      scope.defer("a network", () => Promise.reject(refusal));
    };
    expect(await tryAll([testOf({ body })])).toEqual([false]);
  });

  test("is not tried when it needs what has just been seen not to hold, and others are", async () => {
    const tried: string[] = [];
    const record = (requirement: string, missing: string[], fails = false) =>
      testOf({
        requirement,
        missing,
        body: async () => {
          tried.push(requirement);
          if (fails) throw refusal;
        },
      });
    const seen = await tryAll([
      record("M4", ["multihost"], true),
      record("M5", ["multihost", "names"]),
      record("X1", ["gwbridge"]),
    ]);
    expect(tried).toEqual(["M4", "X1"]);
    expect(seen).toEqual([false, false, true]);
  });
});
