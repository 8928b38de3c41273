import { describe, expect, it } from "vitest";
import { type Rule, usualPolicySemantics } from "#drivers/driver.ts";
import type { Member, PolicyState } from "#harness/oracle/engine/state.ts";
import { flowsAmong, type SeenFlow } from "#harness/oracle/engine/table.ts";
import { judgeByOrders, OrderedRules, showsInForce } from "./rules.ts";

const closing = (id: string, port: number): Rule => ({
  ...{ id, direction: "in", protocol: "tcp", action: "deny" },
  port,
});
const [first, second] = [closing("1", 81), closing("2", 82)];
const member = (name: string, host: number, group?: string): Member => ({
  ...{ name, tenant: "default", network: "net", addresses: { 4: `10.1.2.${host}` } },
  ...(group === undefined ? {} : { group }),
});
const members = [member("a", 1, "web"), member("b", 2)];
const stateOf = (rules: readonly Rule[]): PolicyState => ({
  members,
  groups: [{ tenant: "default", name: "web", policies: ["p"] }],
  policies: [{ tenant: "default", name: "p", rules }],
});
const flows = flowsAmong(members, { families: [4], ports: [81, 82] });

/** What is told of TCP from b to a at the ports of the two rules. */
function toldOf(rules: OrderedRules, meanwhile: boolean) {
  const judged = judgeByOrders(rules, stateOf, flows, { semantics: usualPolicySemantics, meanwhile });
  return [first, second].map(({ port }) => {
    const one = judged.flows.find(
      ({ flow }) => flow.from.name === "b" && flow.protocol === "tcp" && flow.port === port,
    )!;
    return judged.firm.has(one.flow) ? `${one.verdict} for good` : one.verdict;
  });
}

describe("a rule", () => {
  it("may be late until it was seen to be in force, and then nothing passes any more", () => {
    const rules = new OrderedRules();
    rules.added(first);
    expect(toldOf(rules, true)).toEqual(["blocked", "open"]);
    rules.shown();
    rules.added(second);
    expect(toldOf(rules, true)).toEqual(["blocked for good", "blocked"]);
    expect(toldOf(rules, false)).toEqual(["blocked for good", "blocked"]);
  });

  it("that is deleted blocks nothing, and may be late once more when it is added again", () => {
    const rules = new OrderedRules();
    rules.added(first);
    rules.shown();
    rules.removed(first);
    expect(toldOf(rules, true)).toEqual(["open", "open"]);
    rules.added(first);
    expect(toldOf(rules, true)).toEqual(["blocked", "open"]);
  });

  it("whose order was refused may be either way until nothing is disturbed, if the plugin lists it", () => {
    const rules = new OrderedRules();
    rules.refused(first, true);
    rules.refused(second, false);
    rules.shown();
    expect(toldOf(rules, true)).toEqual(["either", "open"]);
    expect(toldOf(rules, false)).toEqual(["blocked", "open"]);
    expect(rules.has(first)).toBe(true);
    expect(rules.has(second)).toBe(false);
  });

  it("that could not be deleted may be either way, though it was in force", () => {
    const rules = new OrderedRules();
    rules.added(first);
    rules.shown();
    rules.refused(first, true);
    expect(toldOf(rules, true)).toEqual(["either", "open"]);
    rules.added(first);
    rules.shown();
    expect(toldOf(rules, true)).toEqual(["blocked for good", "open"]);
  });
});

describe("a table", () => {
  const [a, b] = members as [Member, Member];
  const flow = (from: Member, to: Member, port: number) =>
    ({ from, to, family: 4, protocol: "tcp", port }) as const;
  const open: SeenFlow = {
    ...{ flow: flow(b, a, 80), verdict: "open", seen: { state: "open", identity: "a" } },
  };
  const blocked: SeenFlow = { flow: flow(b, a, 81), verdict: "blocked", seen: { state: "dropped" } };

  it("shows rules that block between members that reach each other", () => {
    expect(showsInForce([open, blocked])).toBe(true);
  });

  it("shows nothing of those between which nothing passes, or where something does that is blocked", () => {
    expect(showsInForce([{ ...open, seen: { state: "dropped" } }, blocked])).toBe(false);
    expect(showsInForce([{ ...open, flow: flow(a, b, 80) }, blocked])).toBe(false);
    expect(showsInForce([open, { ...blocked, arrived: true }])).toBe(false);
  });
});
