import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shrink } from "#harness/oracle/shrink.ts";
import { generateSchedule, type Possible } from "./generate.ts";
import { historySchema } from "./history.ts";
import { disturbanceKinds, isPlayable, lastMoment, type Schedule } from "./schedule.ts";
import { simplerSchedules } from "./simplify.ts";

const everything: Possible = { kinds: disturbanceKinds, givingUp: true, policy: true };
const anySeed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const anySchedule = anySeed.map((seed) => generateSchedule(seed, everything));
const kindsOf = ({ disturbances }: Schedule) => disturbances.map(({ what }) => what.kind);
/** As many as a run plays. */
const seeds = Array.from({ length: 30 }, (_, index) => index + 1);

describe("a generated schedule", () => {
  it("is the same for the same seed, can be played, and has everything ended at the last moment", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const schedule = generateSchedule(seed, everything);
        expect(generateSchedule(seed, everything)).toEqual(schedule);
        expect(isPlayable(schedule)).toBe(true);
        for (const { from, to } of schedule.disturbances) {
          expect(from).toBeLessThan(to);
          expect(to).toBeLessThanOrEqual(lastMoment);
        }
      }),
    );
  });

  it("survives being written down", () => {
    fc.assert(
      fc.property(anySchedule, (schedule) => {
        expect(historySchema.shape.schedule.parse(JSON.parse(JSON.stringify(schedule)))).toEqual(schedule);
      }),
    );
  });

  it("has what is possible alone", () => {
    const possible: Possible = { kinds: ["cut", "node gone"], givingUp: false, policy: false };
    fc.assert(
      fc.property(anySeed, (seed) => {
        const { disturbances, changes } = generateSchedule(seed, possible);
        expect(possible.kinds).toEqual(expect.arrayContaining(disturbances.map(({ what }) => what.kind)));
        expect(disturbances.some(({ what }) => what.kind === "node gone" && what.givenUp)).toBe(false);
        expect(changes.some(({ change }) => change.endsWith("port"))).toBe(false);
      }),
    );
    expect(() => generateSchedule(1, { ...possible, kinds: [] })).toThrow("no disturbance is possible");
  });
});

describe("the schedules of thirty seeds", () => {
  const schedules = seeds.map((seed) => generateSchedule(seed, everything));

  it("have each kind of disturbance several times, alone and beside others, and each change", () => {
    for (const kind of disturbanceKinds) {
      const having = schedules.filter((schedule) => kindsOf(schedule).includes(kind));
      expect(having.length, kind).toBeGreaterThanOrEqual(3);
    }
    const sizes = new Set(schedules.map(({ disturbances }) => disturbances.length));
    expect(sizes).toEqual(new Set([1, 2, 3]));
    const changes = new Set(schedules.flatMap((schedule) => schedule.changes.map(({ change }) => change)));
    expect(changes.size).toBe(6);
  });

  it("show a plugin that forgets the peers of a failed node, and one that keeps those of a dead one", () => {
    const endOf = ({ disturbances }: Schedule, kind: string) =>
      Math.max(-1, ...disturbances.filter(({ what }) => what.kind === kind).map(({ to }) => to));
    const forgetful = schedules.filter(
      (one) => Math.max(endOf(one, "engine killed"), endOf(one, "node gone")) > endOf(one, "plugin killed"),
    );
    const givenUp = schedules.filter(({ disturbances }) =>
      disturbances.some(({ what }) => what.kind === "node gone" && what.givenUp),
    );
    expect(forgetful.length).toBeGreaterThanOrEqual(4);
    expect(givenUp.length).toBeGreaterThanOrEqual(2);
  });
});

describe("simplifying", () => {
  it("leads to schedules that can be played, and ends", async () => {
    await fc.assert(
      fc.asyncProperty(anySchedule, async (schedule) => {
        for (const simpler of simplerSchedules(schedule)) expect(isPlayable(simpler)).toBe(true);
        const { smallest } = await shrink(schedule, { simpler: simplerSchedules, fails: async () => true });
        expect(smallest.disturbances).toHaveLength(1);
        expect(smallest.changes).toEqual([]);
        const [only] = smallest.disturbances;
        expect(only!.to - only!.from).toBe(1);
      }),
    );
  });

  it("keeps what makes a schedule fail", async () => {
    await fc.assert(
      fc.asyncProperty(anySchedule, fc.constantFrom(...disturbanceKinds), async (schedule, kind) => {
        const fails = async (one: Schedule) => kindsOf(one).includes(kind);
        fc.pre(await fails(schedule));
        const { smallest, complete } = await shrink(schedule, { simpler: simplerSchedules, fails });
        expect(complete).toBe(true);
        expect(kindsOf(smallest)).toEqual([kind]);
        expect(smallest.changes).toEqual([]);
      }),
    );
  });
});
