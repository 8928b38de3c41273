import { describe, expect, test } from "vitest";
import type { Member } from "#harness/oracle/engine/state.ts";
import type { SeenFlow } from "#harness/oracle/engine/table.ts";
import {
  checkAddresses,
  checkFlows,
  checkLeftovers,
  checkNames,
  describeFinding,
  type NameSeen,
} from "./checks.ts";

describe("names", () => {
  const by = "c-1";
  test.each<[string, NameSeen, string[]]>([
    ["lead to who has them", { by, name: "c-2", wanted: "10.1.2.3", told: ["10.1.2.3"] }, []],
    [
      "lead nowhere",
      { by, name: "c-2", wanted: "10.1.2.3", told: [] },
      ["names: c-1 asking for c-2: expected 10.1.2.3, got no address"],
    ],
    [
      "lead to one more",
      { by, name: "c-2", wanted: "10.1.2.3", told: ["10.1.2.3", "10.1.2.4"] },
      ["names: c-1 asking for c-2: expected 10.1.2.3, got 10.1.2.3 10.1.2.4"],
    ],
    ["of nobody lead nowhere", { by, name: "c-9", told: [] }, []],
    [
      "of nobody lead to somebody",
      { by, name: "c-9", told: ["10.1.2.9"] },
      ["names: c-1 asking for c-9: expected no address, since nobody has that name, got 10.1.2.9"],
    ],
  ])("that %s", (_, seen, found) => {
    expect(checkNames([seen]).map(describeFinding)).toEqual(found);
  });
});

describe("addresses", () => {
  const one = { of: "c-1", wanted: "10.1.2.3", addresses: ["127.0.0.1", "10.1.2.3"], mac: "02:00" };
  const other = { of: "c-2", wanted: "10.1.2.4", addresses: ["10.1.2.4"], mac: "02:01" };

  test("of their own are right", () => {
    expect(checkAddresses([one, other])).toEqual([]);
  });

  test("that are missing, and shared ones, are told", () => {
    const lost = { ...one, addresses: ["127.0.0.1"] };
    const twin = { ...other, mac: "02:00" };
    expect(checkAddresses([lost, twin]).map(describeFinding)).toEqual([
      "addresses: c-1, inside: expected 10.1.2.3, got 127.0.0.1",
      "addresses: c-2: expected an address and a MAC of its own, apart from those of c-1, got 02:00 too",
    ]);
  });
});

test("what must pass and does not is of forwarding, what a rule blocks and passes is of policy", () => {
  const member = (name: string, host: number): Member => ({
    ...{ name, tenant: "default", network: "net" },
    addresses: { 4: `10.1.2.${host}` },
  });
  const flow = { from: member("a", 1), to: member("b", 2), family: 4, protocol: "tcp", port: 80 } as const;
  const table: SeenFlow[] = [
    { flow, verdict: "open", seen: { state: "open", identity: "b" } },
    { flow, verdict: "open", seen: { state: "dropped" } },
    { flow, verdict: "blocked", seen: { state: "dropped" } },
    { flow, verdict: "blocked", seen: { state: "open", identity: "b" } },
  ];
  expect(checkFlows(table).map(describeFinding)).toEqual([
    "forwarding: a to b, tcp 80 over IPv4: expected open, got dropped",
    "policy: a to b, tcp 80 over IPv4: expected blocked, got open",
  ]);
});

test("what passes that is to pass at no moment is wrong for good, and what was not sent is not", () => {
  const member = (name: string, host: number): Member => ({
    ...{ name, tenant: "default", network: "net" },
    addresses: { 4: `10.1.2.${host}` },
  });
  const seenAs = (port: number, seen: SeenFlow["seen"], arrived = false): SeenFlow => ({
    flow: { from: member("a", 1), to: member("b", 2), family: 4, protocol: "tcp", port },
    ...{ verdict: "blocked", seen, arrived },
  });
  const table = [
    seenAs(80, { state: "open", identity: "b" }),
    seenAs(81, { state: "silent" }),
    seenAs(82, { state: "dropped" }, true),
    seenAs(83, { state: "no route" }),
    seenAs(84, { state: "open", identity: "b" }),
  ];
  const firm = new Set(table.slice(0, 4).map(({ flow }) => flow));
  expect(checkFlows(table, firm).map(({ forGood = false }) => forGood)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(describeFinding(checkFlows(table, firm)[0]!)).toBe(
    "policy: a to b, tcp 80 over IPv4: expected blocked at any moment, by a rule that was in force, got open",
  );
});

test("what is left and what is missing is told with its node", () => {
  const differences = [{ host: "node2", kind: "links", change: "left behind", thing: "nv1" }] as const;
  expect(checkLeftovers(differences).map(describeFinding)).toEqual([
    "leftovers: node2, once all that was made is removed: expected its links as before, got left behind: nv1",
  ]);
});
