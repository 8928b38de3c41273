import { expect, test } from "vitest";
import { ForeignSaid, interruptedShare } from "./foreign.ts";

test("what the program says is counted and timed, however its words are cut", () => {
  const said = new ForeignSaid();
  said.take("rea", 0);
  expect(said.isReady).toBe(false);
  said.take("dy\nbegin\n", 100);
  expect(said.isReady).toBe(true);
  said.take("round\nwhole\nend\nbeg", 130);
  expect(said.over(1)).toBeUndefined();
  said.take("in\ninterrupted\nround\n", 200);
  said.take("end\nend\n", 240);
  expect(said.over(4)).toEqual({
    perSecond: 0.5,
    lists: { whole: 1, interrupted: 1 },
    apartMs: [30, 40],
  });
});

test("the share of interrupted lists is that of all, in tens of a hundred", () => {
  const of = (whole: number, interrupted: number) => ({
    ...{ perSecond: 1, apartMs: [], lists: { whole, interrupted } },
  });
  expect(interruptedShare([of(10, 0), of(2, 8)])).toBe(40);
  expect(interruptedShare([of(20, 1)])).toBe(0);
  expect(interruptedShare([of(0, 0)])).toBeUndefined();
});
