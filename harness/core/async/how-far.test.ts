import { expect, test, vi } from "vitest";
import { sayHowFar, tellingHowFar } from "./how-far.ts";

test("how far something is goes to who listens to it, and not at every step", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const [one, other]: [string[], string[]] = [[], []];
    const work = async (all: number) => {
      await Promise.resolve();
      sayHowFar(1, all, "starts");
      sayHowFar(2, all, "starts");
      vi.advanceTimersByTime(2_000);
      sayHowFar(3, all, "starts");
    };
    await tellingHowFar(
      (text) => one.push(text),
      () => work(10),
    );
    await tellingHowFar(
      (text) => other.push(text),
      () => work(20),
    );
    sayHowFar(1, 1, "that nobody listens to");
    expect([one, other]).toEqual([
      ["1 of 10 starts", "3 of 10 starts"],
      ["1 of 20 starts", "3 of 20 starts"],
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test("work goes on where nobody can be told any more", async () => {
  const ended = () => {
    throw new Error("the test has ended");
  };
  const work = async () => {
    await Promise.resolve();
    sayHowFar(1, 2, "starts");
    return "done";
  };
  expect(await tellingHowFar(ended, work)).toBe("done");
});
