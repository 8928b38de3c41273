import { expect, test } from "vitest";
import { Scope } from "#harness/core/async/scope.ts";
import { deferRemoval, removed } from "./creation.ts";

/** How often a thing is asked to go whose creation ends so; it is there from the look `from` on. */
async function looksAfter(answer: Promise<unknown>, from = 1, appearMs = 20_000): Promise<number> {
  let looks = 0;
  answer.catch(() => {});
  {
    await using scope = new Scope("test");
    deferRemoval(scope, {
      what: "network n",
      answer,
      remove: async () => ++looks >= from,
      appearMs,
    });
  }
  return looks;
}

test("what was made is removed, once", async () => {
  expect(await looksAfter(Promise.resolve({}), 2)).toBe(1);
});

test("what the engine refused is not looked for", async () => {
  const refused = Object.assign(new Error("in use by another container"), { statusCode: 409 });
  expect(await looksAfter(Promise.reject(refused))).toBe(0);
});

test("what no answer came of is looked for until it is there", async () => {
  expect(await looksAfter(Promise.reject(new Error("socket hang up")), 3)).toBe(3);
});

test("what no answer came of and never appears was not made", async () => {
  expect(await looksAfter(Promise.reject(new Error("socket hang up")), Infinity, 1)).toBeGreaterThan(0);
});

test("an engine that never answers leaves it open whether it was made", async () => {
  const closing = async () => {
    await using scope = new Scope("test");
    const answer = Promise.reject(new Error("socket hang up"));
    answer.catch(() => {});
    const remove = () => Promise.reject(new Error("no engine"));
    deferRemoval(scope, { what: "network n", answer, remove, appearMs: 1 });
  };
  await expect(closing()).rejects.toThrow(/network n to be there.*no engine/);
});

test("a thing that the engine does not know was not there", async () => {
  const answer = (statusCode: number) => Promise.reject(Object.assign(new Error("no"), { statusCode }));
  expect(await removed(Promise.resolve())).toBe(true);
  expect(await removed(answer(404))).toBe(false);
  await expect(removed(answer(500))).rejects.toThrow("no");
});
