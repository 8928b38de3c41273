import { expect, test } from "vitest";
import { ConnectionLost, didNotCome } from "#harness/core/errors.ts";
import { until } from "./poll.ts";

const soon = { what: "it to come", deadlineMs: 1_000 };
const endOf = (look: () => Promise<boolean>) => until(soon, look).catch((error: unknown) => error);

test("what was looked for and did not come is told from what could not be looked for", async () => {
  const never = await endOf(() => Promise.resolve(false));
  expect(didNotCome(never)).toBe(true);
  const lost = new ConnectionLost("node1", "looking");
  const blind = await endOf(() => Promise.reject(lost));
  expect(blind).toMatchObject({ message: expect.stringContaining(lost.message), cause: lost });
  expect(didNotCome(blind)).toBe(false);
  expect(didNotCome(lost)).toBe(false);
});

test("a look that could not be made is forgotten once the next one could", async () => {
  let looks = 0;
  const ended = await endOf(() => {
    looks += 1;
    return looks === 1 ? Promise.reject(new Error("not yet")) : Promise.resolve(false);
  });
  expect([didNotCome(ended), looks > 1]).toEqual([true, true]);
});
