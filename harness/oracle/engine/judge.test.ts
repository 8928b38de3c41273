import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PolicySemantics, type Rule, usualPolicySemantics } from "#drivers/driver.ts";
import { judge } from "./judge.ts";
import type { Flow, Member, PolicyState } from "./state.ts";
import { flowsAmong, judgeAll } from "./table.ts";

const additive: PolicySemantics = { combine: "additive", ties: "unspecified" };

const place = { tenant: "default", network: "net" };
const member = (name: string, host: number, group?: string): Member => ({
  ...{ name, ...place },
  ...(group === undefined ? {} : { group }),
  addresses: { 4: `10.1.2.${host}`, 6: `fd00::${host}` },
});
const [web, db, free] = [member("web-1", 11, "web"), member("db-1", 12, "db"), member("free", 14)];
const members = [web, db, free];
const shape = { families: [4, 6], ports: [8888, 8889] } as const;
const flows = flowsAmong(members, shape);

function stateWith(rules: readonly Rule[], more: readonly Rule[] = []): PolicyState {
  return {
    members,
    groups: [
      { tenant: "default", name: "web", policies: ["closed", "more"] },
      { tenant: "default", name: "db", policies: ["more"] },
    ],
    policies: [
      { tenant: "default", name: "closed", rules },
      { tenant: "default", name: "more", rules: more },
    ],
  };
}

const toWeb = (flow: Partial<Flow> = {}): Flow => ({
  ...{ from: free, to: web, family: 4, protocol: "tcp", port: 8888 },
  ...flow,
});
const deny: Rule = { id: "1", direction: "in", protocol: "tcp", action: "deny" };
const verdictOf = (rules: readonly Rule[], flow = toWeb(), semantics = usualPolicySemantics) =>
  judge(stateWith(rules), flow, semantics);

describe("by priority", () => {
  it("the tutorial's policy opens one port and leaves other protocols alone", () => {
    const rules: Rule[] = [deny, { ...deny, id: "2", port: 8888, action: "allow", priority: 10 }];
    expect(verdictOf(rules)).toBe("open");
    expect(verdictOf(rules, toWeb({ port: 8889 }))).toBe("blocked");
    expect(verdictOf(rules, toWeb({ port: 8889, family: 6 }))).toBe("blocked");
    expect(verdictOf(rules, toWeb({ protocol: "udp", port: 8889 }))).toBe("open");
    expect(verdictOf(rules, toWeb({ protocol: "icmp" }))).toBe("open");
    expect(verdictOf(rules, toWeb({ from: web, to: free }))).toBe("open");
  });

  it("among equal priorities the declared action wins, and none where none is declared", () => {
    const rules: Rule[] = [deny, { ...deny, id: "2", action: "allow" }];
    for (const ties of ["deny", "allow", "unspecified"] as const) {
      const verdict = { deny: "blocked", allow: "open", unspecified: "either" }[ties];
      expect(verdictOf(rules, toWeb(), { combine: "priority", ties })).toBe(verdict);
    }
  });

  it("what is closed at one end is closed, whatever the other end promises", () => {
    const rules: Rule[] = [deny, { ...deny, id: "2", action: "allow" }];
    const state = stateWith(rules, [{ ...deny, id: "1", direction: "out" }]);
    const semantics = { combine: "priority", ties: "unspecified" } as const;
    expect(judge(state, toWeb({ from: db }), semantics)).toBe("blocked");
    expect(judge(state, toWeb(), semantics)).toBe("either");
  });

  it("an address is one of its own family, a CIDR those in it, a group or a network its members", () => {
    const from = (peer: Rule["peer"]) => [{ ...deny, ...(peer ? { peer } : {}) }];
    expect(verdictOf(from({ address: free.addresses[4] }))).toBe("blocked");
    expect(verdictOf(from({ address: free.addresses[4] }), toWeb({ family: 6 }))).toBe("open");
    expect(verdictOf(from({ address: "fd00:0:0::14" }), toWeb({ family: 6 }))).toBe("blocked");
    expect(verdictOf(from({ address: "10.1.2.12/30" }))).toBe("blocked");
    expect(verdictOf(from({ address: "10.1.2.8/30" }))).toBe("open");
    expect(verdictOf(from({ group: "db" }))).toBe("open");
    expect(verdictOf(from({ group: "db" }), toWeb({ from: db }))).toBe("blocked");
    expect(verdictOf(from({ network: "net" }))).toBe("blocked");
    expect(verdictOf(from({ network: "other" }))).toBe("open");
  });

  it("a group of the same name in another tenant is another group", () => {
    const stranger = { ...web, tenant: "blue" };
    const peer = { ...free, tenant: "blue" };
    expect(verdictOf([deny], toWeb({ from: peer, to: stranger }))).toBe("open");
    expect(verdictOf([], toWeb({ to: stranger }))).toBe("blocked");
  });
});

describe("by addition", () => {
  it("the first rule for a direction closes it but for what rules allow", () => {
    const allow: Rule = { ...deny, action: "allow", port: 8888 };
    expect(verdictOf([], toWeb(), additive)).toBe("open");
    expect(verdictOf([allow], toWeb(), additive)).toBe("open");
    expect(verdictOf([allow], toWeb({ port: 8889 }), additive)).toBe("blocked");
    expect(verdictOf([allow], toWeb({ protocol: "icmp" }), additive)).toBe("blocked");
    expect(verdictOf([allow], toWeb({ from: web, to: free, port: 8889 }), additive)).toBe("open");
  });

  it("a rule that denies is refused", () => {
    expect(() => verdictOf([deny], toWeb(), additive)).toThrow("rule 1 denies");
  });
});

const peer = fc.constantFrom<Rule["peer"]>(
  undefined,
  { group: "web" },
  { group: "db" },
  { network: "net" },
  { network: "other" },
  { address: "10.1.2.14" },
  { address: "10.1.2.12/30" },
  { address: "fd00::14/127" },
);
const rule = fc
  .record({
    direction: fc.constantFrom("in" as const, "out" as const),
    protocol: fc.constantFrom("tcp" as const, "udp" as const, "icmp" as const, "any" as const),
    port: fc.constantFrom(0, 8888, 8889),
    action: fc.constantFrom("allow" as const, "deny" as const),
    priority: fc.integer({ min: 1, max: 4 }),
    peer,
  })
  .map(({ peer: other, ...rest }): Omit<Rule, "id"> => ({ ...rest, ...(other ? { peer: other } : {}) }));
const rules = fc
  .array(rule, { maxLength: 5 })
  .map((list): Rule[] => list.map((one, index) => ({ ...one, id: `${index}` })));

const tableOf = (state: PolicyState, semantics = usualPolicySemantics) =>
  judgeAll(state, flows, semantics).map(({ verdict }) => verdict);
const cellsOf = (list: readonly Rule[]) => tableOf(stateWith(list));

describe("whatever the rules are", () => {
  it("they mean what a list says of which the first line that matches decides", () => {
    const lines = (list: readonly Rule[]) =>
      list.toSorted((one, other) => {
        const before = (other.priority ?? 1) - (one.priority ?? 1);
        return before || (one.action === "deny" ? -1 : 1) - (other.action === "deny" ? -1 : 1);
      });
    fc.assert(
      fc.property(rules, fc.nat({ max: flows.length - 1 }), (list, index) => {
        const flow = flows[index]!;
        const ends = (["in", "out"] as const).map((direction) => {
          const bound = (direction === "in" ? flow.to : flow.from) === web;
          const own = bound ? list.filter((one) => one.direction === direction) : [];
          // One rule alone, which is denied, blocks exactly what it matches.
          const first = lines(own).find(
            (one) => judge(stateWith([{ ...one, action: "deny" }]), flow, usualPolicySemantics) === "blocked",
          );
          return first?.action === "deny";
        });
        const expected = ends.includes(true) ? "blocked" : "open";
        expect(judge(stateWith(list), flow, usualPolicySemantics)).toBe(expected);
      }),
    );
  });

  it("their order changes nothing, nor does it matter in which of the group's policies they are", () => {
    fc.assert(
      fc.property(rules, fc.nat({ max: 5 }), (list, cut) => {
        expect(cellsOf(list.toReversed())).toEqual(cellsOf(list));
        const alone = (state: PolicyState) => ({
          ...state,
          groups: state.groups.filter(({ name }) => name === "web"),
        });
        const spread = alone(stateWith(list.slice(0, cut), list.slice(cut)));
        expect(tableOf(spread)).toEqual(tableOf(alone(stateWith(list))));
      }),
    );
  });

  it("they bind no conversation without a member of their group", () => {
    const others = flowsAmong([db, free], shape);
    fc.assert(
      fc.property(rules, (list) => {
        const table = judgeAll(stateWith(list), others, usualPolicySemantics);
        expect(new Set(table.map(({ verdict }) => verdict))).toEqual(new Set(["open"]));
      }),
    );
  });

  it("one more that denies opens nothing, one more that allows closes nothing", () => {
    fc.assert(
      fc.property(rules, rule, (list, more) => {
        const [before, after] = [cellsOf(list), cellsOf([...list, { ...more, id: "more" }])];
        const changed = after.filter((verdict, index) => verdict !== before[index]);
        expect(new Set(changed)).toEqual(
          new Set(changed.length > 0 ? [more.action === "deny" ? "blocked" : "open"] : []),
        );
      }),
    );
  });

  it("where rules add, every further one for a direction that has some opens more, or the same", () => {
    const allowing = rules.map((list) => list.map((one) => ({ ...one, action: "allow" as const })));
    fc.assert(
      fc.property(allowing, (list) => {
        const [first] = list;
        if (!first) return;
        const before = tableOf(stateWith([{ ...first, direction: "in" }]), additive);
        const after = tableOf(stateWith(list.map((one) => ({ ...one, direction: "in" }))), additive);
        expect(before.filter((verdict, index) => verdict === "open" && after[index] !== "open")).toEqual([]);
      }),
    );
  });
});
