import { expect, test } from "vitest";
import { $ } from "zx/core";
import { identify, identifyByPs, isAlive, ownIdentity } from "./process.ts";

test.each([
  ["/proc", identify],
  ["ps", identifyByPs],
])("%s tells a living process from one that is gone, and the same one the same", async (_, identity) => {
  const gone = $`true`;
  await gone;
  expect(identity(process.pid)).toMatch(new RegExp(`^${process.pid}:\\d+$`));
  expect(identity(process.pid)).toBe(identity(process.pid));
  expect(identity(gone.pid ?? 0)).toBeUndefined();
});

test("a later process with the same pid is another one", () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(isAlive(`${process.pid}:1`)).toBe(false);
});
