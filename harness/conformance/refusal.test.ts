import { describe, expect, test } from "vitest";
import { HarnessError, Nonconformance, NotGone } from "#harness/core/errors.ts";
import { expectEach, expectInTurn } from "./refusal.ts";

const broken = (who: string) => new Nonconformance({ who, expected: "an answer", got: "none" });
const kept = (who: string) => new NotGone({ who, expected: "nothing", got: "an endpoint" });

/** What it ends with where each case throws what stands there, or nothing. */
function ends(cases: readonly (Error | undefined)[], options?: { forMs: number }) {
  const seen: number[] = [];
  const done = expectInTurn(
    cases.map((error, index) => ({ error, index })),
    async ({ error, index }) => {
      seen.push(index);
      if (error) throw error;
    },
    options,
  );
  return done.then(
    () => ({ seen, error: undefined }),
    (error: unknown) => ({ seen, error }),
  );
}

describe("cases in turn", () => {
  test("are all looked at, whichever fail, and all that failed are told", async () => {
    const { seen, error } = await ends([broken("one"), undefined, broken("three")]);
    expect(seen).toEqual([0, 1, 2]);
    expect(error).toMatchObject({
      name: "Nonconformance",
      message:
        "2 of 3 cases: expected each to hold, got one: expected an answer, got none\nthree: expected an answer, got none",
    });
    expect(await ends([undefined, undefined])).toEqual({ seen: [0, 1], error: undefined });
    const one = broken("one");
    expect((await ends([undefined, one])).error).toBe(one);
  });

  test("of which nothing went that was to go end with that alone", async () => {
    expect((await ends([kept("one"), kept("two")])).error).toBeInstanceOf(NotGone);
    expect((await ends([kept("one"), broken("two")])).error).not.toBeInstanceOf(NotGone);
  });

  test("end at once where the harness broke, and go on where something had failed before", async () => {
    const lost = new HarnessError("lost");
    expect(await ends([lost, broken("two")])).toEqual({ seen: [0], error: lost });
    const one = broken("one");
    expect(await ends([one, lost, undefined])).toEqual({ seen: [0, 1, 2], error: one });
  });

  test("are not begun when time is up and one has failed", async () => {
    const one = broken("one");
    expect(await ends([one, undefined], { forMs: -1 })).toEqual({ seen: [0], error: one });
    expect((await ends([undefined, undefined], { forMs: -1 })).seen).toEqual([0, 1]);
  });
});

test("cases at the same time end with what they have in common", async () => {
  const look = async (error: Error) => {
    throw error;
  };
  await expect(expectEach([kept("one"), kept("two")], look)).rejects.toBeInstanceOf(NotGone);
  await expect(expectEach([kept("one"), broken("two")], look)).rejects.toThrow(/^2 of 2 cases: /);
});
