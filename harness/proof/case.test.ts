import { describe, expect, it } from "vitest";
import { baseline, casesOf, type FaultCase, titleOf } from "./case.ts";
import { describePlace, isOwnDefect, type Tier } from "./fault.ts";
import { faults } from "./faults/all.ts";

const cases = casesOf(faults, { thorough: true });
const of = (tier: Tier) => cases.filter(({ on }) => on.tier === tier);
const placesOf = (some: readonly FaultCase[]) => some.map(({ on }) => describePlace(on));
const only = (...names: string[]) => casesOf(faults.filter(({ name }) => names.includes(name)));

describe("the cases of all faults", () => {
  it("are every fault once, and before them one baseline for every place", () => {
    const first = cases.findIndex(({ fault }) => fault !== undefined);
    const [baselines, faulty] = [cases.slice(0, first), cases.slice(first)];
    expect(faulty.map(({ fault }) => fault)).toEqual(faults);
    expect(baselines.every(({ name, fault }) => name === baseline && fault === undefined)).toBe(true);
    expect(new Set(placesOf(baselines)).size).toBe(baselines.length);
    expect(new Set(placesOf(faulty)).difference(new Set(placesOf(baselines)))).toEqual(new Set());
  });

  it("have every debug plugin without a fault at every version", () => {
    expect(of("cni").filter(({ name }) => name === baseline)).toHaveLength(12);
  });

  it("have a crowd of containers at the newest version without a fault, and where a fault is about it", () => {
    const crowded = of("cni").filter(({ without }) => without === undefined);
    expect(crowded.map(({ name, on }) => `${name} ${describePlace(on)}`).sort()).toEqual([
      "address-given-twice debug-ipam 1.1.0",
      "baseline debug-chained 1.1.0",
      "baseline debug-interface 1.1.0",
      "baseline debug-ipam 1.1.0",
      "one-at-a-time debug-ipam 1.1.0",
    ]);
  });

  it("look at what a chapter finds and leaves where a fault runs alone", () => {
    expect(cases.find(({ name }) => name === "node-drained")?.only).toEqual(["S5", "W1", "W2", "C1"]);
    expect(cases.find(({ name }) => name === "leftovers-in-the-kernel")?.only).toEqual(["S5", "C1"]);
    expect(cases.find(({ name }) => name === "vxlan-dropped")?.only).toBeUndefined();
  });
});

describe("the cases of some faults", () => {
  it("are repeated, each time as another case, and their baseline is not", () => {
    const repeated = casesOf(
      faults.filter(({ name }) => name === "wrong-vlan"),
      { repeat: 3 },
    );
    expect(repeated.map(titleOf)).toEqual([
      ...[baseline, "wrong-vlan, time 1", "wrong-vlan, time 2", "wrong-vlan, time 3"],
    ]);
    expect(only("wrong-vlan").map(titleOf)).toEqual([baseline, "wrong-vlan"]);
  });

  it("have the baselines that these need", () => {
    expect(placesOf(only("gc-below-1.1.0", "wrong-vlan"))).toEqual([
      ...["reference external", "debug-ipam 1.0.0"],
      ...["reference external", "debug-ipam 1.0.0"],
    ]);
  });

  it("mend what an engine breaks by itself wherever it is judged, but where the case is to show it", () => {
    const mends = (some: readonly FaultCase[]) => some.map(({ mend }) => mend);
    const names = ["bridges-joined-for-20-ms", "cut-off-starts-kept"] as const;
    const [, own] = names;
    expect(mends(only(...names))).toEqual([own, undefined, undefined]);
    expect(mends(only(names[0]))).toEqual([undefined, undefined]);
    const [joined] = names;
    const thorough = casesOf(
      faults.filter(({ name }) => name === joined),
      { thorough: true },
    );
    expect(mends(thorough)).toEqual([own, own]);
  });

  it("ask a place without what its engine breaks for nothing else", () => {
    const [first, shown] = only("cut-off-starts-kept");
    expect(first?.only).toEqual(["S5", "D8", "D8b", "C1"]);
    expect(shown?.only).toEqual(first?.only);
  });

  it("have a crowd of containers in the baseline of a fault that is about it", () => {
    expect(only("one-at-a-time").map(({ without }) => without)).toEqual([undefined, undefined]);
    expect(only("gc-keeps-stale").map(({ without }) => without)).toEqual([["concurrency"], ["concurrency"]]);
  });
});

describe("without the whole suite under each fault", () => {
  const short = casesOf(faults);
  const named = (name: string) => short.find((one) => one.name === name);

  it("a fault runs what must detect it and what may follow, and what a chapter finds and leaves", () => {
    expect(named("vxlan-dropped")?.only).toEqual(
      expect.arrayContaining(["S5", ...(named("vxlan-dropped")?.fault?.detectedBy ?? []), "C1"]),
    );
    expect(named("session-refused")?.only).toEqual(["S5", "G1", "G6", "G7", "G10", "C1"]);
    expect(named("activate-lists-nothing")?.only?.[0]).toBe("CNM-1");
  });

  it("a fault that the chapter as a whole detects runs all of it, and so does the CNI suite", () => {
    const whole = short.filter(({ fault, only }) => fault && !only);
    expect(whole.every(({ fault, on }) => on.tier === "cni" || fault?.detectedBy.some(isJudge))).toBe(true);
  });

  it("a baseline shows all that the faults of its place are judged by", () => {
    for (const { on, only, fault } of short.filter(({ name }) => name !== baseline)) {
      const [own] = short.filter(
        (one) => one.name === baseline && describePlace(one.on) === describePlace(on),
      );
      if (!own?.only) continue;
      expect(
        only && !(fault?.alone && !isOwnDefect(fault)) && only.every((id) => own.only?.includes(id)),
        fault?.name,
      ).toBe(true);
    }
    expect(short.some(({ name, only }) => name === baseline && only)).toBe(true);
  });
});

function isJudge(id: string): boolean {
  return ["S5", "C1", "R1"].includes(id);
}
