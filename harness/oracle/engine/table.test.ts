import { describe, expect, it } from "vitest";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import {
  describeFlow,
  describeSeen,
  flowsAcrossTenants,
  flowsAmong,
  isRight,
  type SeenFlow,
} from "./table.ts";

const flows = flowsAmong(setting.members, { families: [4, 6], ports: [8888, 8889, 8890] });
const tcp = flows.find(({ protocol }) => protocol === "tcp")!;
const icmp = flows.find(({ protocol }) => protocol === "icmp")!;
const seenAs = (seen: SeenFlow["seen"], more: Partial<SeenFlow> = {}): SeenFlow => {
  return { flow: tcp, verdict: "blocked", seen, ...more };
};

describe("the flows of a table", () => {
  it("are every ordered pair of a tenant's network with each protocol, port and IP version", () => {
    expect(flows.length).toBe((4 * 3 + 2) * 2 * 7);
    expect(new Set(flows.map(describeFlow)).size).toBe(flows.length);
    expect(flows.filter(({ from, to }) => from.tenant !== to.tenant || from === to)).toEqual([]);
  });

  it("are without IPv6 where a member has none", () => {
    const members = setting.members
      .slice(0, 2)
      .map((one) => ({ ...one, addresses: { 4: one.addresses[4] } }));
    expect(flowsAmong(members, { families: [4, 6], ports: [1] }).map(({ family }) => family)).toEqual(
      Array.from({ length: 6 }, () => 4),
    );
  });
});

describe("the flows across tenants", () => {
  const across = flowsAcrossTenants(setting.members, { families: [4, 6], ports: [8888] });

  it("are those both ways between members of different tenants, and nobody's to an own address", () => {
    // Four members and two of another tenant, of whom two have one address: each of these is whom five reach by it.
    expect(across.filter(({ protocol }) => protocol === "tcp").length).toBe((4 * 2 - 1) * 2 * 2);
    expect(across.filter(({ from, to }) => from.tenant === to.tenant)).toEqual([]);
    expect(across.filter(({ from, to }) => from.addresses[4] === to.addresses[4])).toEqual([]);
  });

  it("are without ICMP where somebody in the own network has the address", () => {
    const told = across
      .filter(({ protocol, family }) => protocol === "icmp" && family === 4)
      .map(describeFlow);
    expect(told.filter((text) => text.includes("to x1"))).toEqual([]);
    expect(told.filter((text) => text.includes("to x2"))).toHaveLength(4);
    expect(told.filter((text) => text.startsWith("x2 to a1"))).toEqual([]);
    expect(told.filter((text) => text.startsWith("x2 to a2"))).toHaveLength(1);
  });

  it("are right where who has the address in the own tenant answers, unless they arrive as well", () => {
    const toTwin = across.find(({ from, to, protocol }) => {
      return from.name === "a2" && to.name === "x1" && protocol === "udp";
    })!;
    const answered = { flow: toTwin, verdict: "blocked", seen: { state: "open", identity: "a1" } } as const;
    expect(isRight(answered)).toBe(true);
    expect(isRight({ ...answered, arrived: true })).toBe(false);
    expect(describeSeen({ ...answered, arrived: true })).toBe("open, answered by a1, though it arrived");
    expect(isRight({ ...answered, seen: { state: "open", identity: "x1" } })).toBe(false);
  });
});

describe("what was seen of a flow", () => {
  it("is open where the other end itself has answered", () => {
    const open = { verdict: "open" } as const;
    expect(isRight(seenAs({ state: "open", identity: tcp.to.name }, open))).toBe(true);
    expect(isRight(seenAs({ state: "open", identity: "x1" }, open))).toBe(false);
    expect(describeSeen(seenAs({ state: "open", identity: "x1" }))).toBe("open, answered by x1");
    expect(isRight(seenAs({ state: "open", identity: "" }, { ...open, flow: icmp }))).toBe(true);
    for (const state of ["dropped", "silent", "no route"] as const) {
      expect(isRight(seenAs({ state }, open))).toBe(false);
    }
  });

  it("is blocked where nothing has answered, and nothing has arrived", () => {
    for (const state of ["dropped", "refused", "unreachable"] as const) {
      expect(isRight(seenAs({ state }))).toBe(true);
      expect(isRight(seenAs({ state }, { arrived: true }))).toBe(false);
    }
    for (const state of ["silent", "no route"] as const) expect(isRight(seenAs({ state }))).toBe(false);
    expect(describeSeen(seenAs({ state: "dropped" }, { arrived: true }))).toBe("dropped, though it arrived");
  });

  it("is right where either is right, but nothing between the two", () => {
    const either = { verdict: "either" } as const;
    expect(isRight(seenAs({ state: "dropped" }, either))).toBe(true);
    expect(isRight(seenAs({ state: "open", identity: tcp.to.name }, either))).toBe(true);
    expect(isRight(seenAs({ state: "silent" }, either))).toBe(false);
    expect(isRight(seenAs({ state: "dropped" }, { ...either, arrived: true }))).toBe(false);
  });
});
