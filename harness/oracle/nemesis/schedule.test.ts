import { describe, expect, it } from "vitest";
import { describeSchedule, isPlayable, type Schedule, stepsOf } from "./schedule.ts";

const cut = { kind: "cut", wire: "data", node: "near" } as const;
const killed = { kind: "engine killed" } as const;

describe("the steps of a schedule", () => {
  it("end, begin and change things at each moment, and look while something lasts", () => {
    const schedule: Schedule = {
      disturbances: [
        { what: cut, from: 0, to: 2 },
        { what: killed, from: 2, to: 3 },
      ],
      changes: [{ change: "start near", at: 1 }],
    };
    expect(stepsOf(schedule)).toEqual([
      { do: "begin", disturbance: 0 },
      { do: "look" },
      { do: "change", change: "start near" },
      { do: "look" },
      { do: "end", disturbance: 0 },
      { do: "begin", disturbance: 1 },
      { do: "look" },
      { do: "end", disturbance: 1 },
    ]);
    expect(describeSchedule(schedule)).toEqual([
      "the data wire of near is cut",
      "a container is started on near",
      "no longer: the data wire of near is cut",
      "the engine of far is killed",
      "no longer: the engine of far is killed",
    ]);
  });
});

describe("a schedule that can be played", () => {
  const during = (what: Schedule["disturbances"][number]["what"], changes: Schedule["changes"]) =>
    isPlayable({ disturbances: [{ what, from: 0, to: 2 }], changes });

  it("asks nobody who is not there", () => {
    expect(during(killed, [{ change: "start near", at: 1 }])).toBe(true);
    expect(during(killed, [{ change: "start far", at: 1 }])).toBe(false);
    expect(during(killed, [{ change: "start far", at: 2 }])).toBe(true);
    expect(during({ kind: "plugin killed" }, [{ change: "close port", at: 1 }])).toBe(false);
  });

  it("takes back what was done before, and nothing else", () => {
    expect(during(cut, [{ change: "end near", at: 1 }])).toBe(false);
    expect(during(cut, [{ change: "open port", at: 0 }])).toBe(false);
    const both: Schedule["changes"] = [
      { change: "close port", at: 0 },
      { change: "open port", at: 2 },
    ];
    expect(during(cut, both)).toBe(true);
    expect(during(cut, both.toReversed())).toBe(false);
  });

  it("ends one thing at a time, and disturbs something", () => {
    const gone = { kind: "node gone", givenUp: true } as const;
    const pair = (from: number) =>
      isPlayable({
        disturbances: [
          { what: killed, from: 0, to: 2 },
          { what: gone, from, to: 3 },
        ],
        changes: [],
      });
    expect(pair(1)).toBe(false);
    expect(pair(2)).toBe(true);
    expect(isPlayable({ disturbances: [], changes: [] })).toBe(false);
  });
});
