import { expect, test } from "vitest";
import { alongside, type Lane } from "./alongside.ts";

/** Counts its turns; `last` is its last one, if nobody ends it before. */
const counting =
  (last = Number.POSITIVE_INFINITY, end = () => {}): Lane =>
  async (goesOn) => {
    let turns = 0;
    while (goesOn() && turns < last) {
      turns += 1;
      await new Promise(setImmediate);
    }
    end();
    return turns;
  };

const turns = async (number: number, goesOn: () => boolean = () => true) => {
  for (let turn = 0; turn < number && goesOn(); turn++) await new Promise(setImmediate);
};

test("lanes end with the work, and what they have done is added up", async () => {
  let ended = 0;
  const lane = counting(undefined, () => {
    ended += 1;
  });
  expect(await alongside([lane, lane], () => turns(20))).toBeGreaterThanOrEqual(20);
  expect(ended).toBe(2);
});

test("a lane that fails has the work end early, and its error is thrown", async () => {
  const failing = counting(3, () => {
    throw new Error("the lane is broken");
  });
  let done = 0;
  const work = async (goesOn: () => boolean) => {
    for (; goesOn(); done++) await new Promise(setImmediate);
  };
  await expect(alongside([failing, counting()], work)).rejects.toThrow("the lane is broken");
  expect(done).toBeGreaterThan(0);
});

test("work that fails has the lanes end, and its error is thrown once they have", async () => {
  let ended = false;
  const lane = counting(undefined, () => {
    ended = true;
  });
  const work = async () => {
    await turns(5);
    throw new Error("the work is broken");
  };
  await expect(alongside([lane], work)).rejects.toThrow("the work is broken");
  expect(ended).toBe(true);
});

test("a lane that fails before it waits for anything ends no process", async () => {
  const lane: Lane = () => Promise.reject(new Error("at once"));
  await expect(alongside([lane], (goesOn) => turns(1_000_000, goesOn))).rejects.toThrow("at once");
});

test("a lane and work that throw at once are no different", async () => {
  let ended = false;
  const other = counting(undefined, () => {
    ended = true;
  });
  const throwing: Lane = () => {
    throw new Error("thrown by the lane");
  };
  await expect(alongside([other, throwing], () => turns(5))).rejects.toThrow("thrown by the lane");
  const work = () => {
    throw new Error("thrown by the work");
  };
  await expect(alongside([other], work)).rejects.toThrow("thrown by the work");
  expect(ended).toBe(true);
});

test("a lane that has done what there was to do does not end the work", async () => {
  let done = 0;
  const work = async (goesOn: () => boolean) => {
    for (; done < 20 && goesOn(); done++) await new Promise(setImmediate);
  };
  expect(await alongside([counting(3)], work)).toBe(3);
  expect(done).toBe(20);
});
