import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Rule, usualPolicySemantics } from "#drivers/driver.ts";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import { type CaseRule, type PolicyCase, policySlots } from "./case.ts";
import { generateCases } from "./generate.ts";
import { type Step, stateOf, stepsOf, undoing } from "./steps.ts";

const cases = generateCases(4, 200, { semantics: usualPolicySemantics, ipv6: true });

/** The rules that are there after these steps, by policy and id; throws as a plugin refuses. */
function after(steps: readonly Step[], there = new Map<string, Rule>()): Map<string, Rule> {
  for (const step of steps) {
    if (step.do === "add rule") {
      const key = `${step.policy} ${step.rule.id}`;
      if (there.has(key)) throw new Error(`${key} exists already`);
      there.set(key, step.rule);
    }
    if (step.do === "remove rule" && !there.delete(`${step.policy} ${step.id}`)) {
      throw new Error(`${step.policy} ${step.id} is unknown`);
    }
  }
  return there;
}

describe("steps of a case", () => {
  it("end with the rules of its state, and nothing is there when they are undone", () => {
    fc.assert(
      fc.property(fc.constantFrom(...cases), (given) => {
        const there = after(stepsOf(given, setting));
        const { policies } = stateOf(given, setting);
        for (const slot of policySlots) {
          const expected = policies.find(({ name }) => name === setting.policies[slot])?.rules;
          const found = [...there].filter(([key]) => key.startsWith(`${slot} `)).map(([, rule]) => rule);
          expect(found).toEqual(expect.arrayContaining([...(expected ?? [])]));
          expect(found.length).toBe(expected?.length);
        }
        expect(after(undoing(given), there).size).toBe(0);
      }),
    );
  });

  it("name for each peer what is there, and IPv4 where there is no IPv6", () => {
    const rule: CaseRule = {
      ...{ policy: "a", direction: "in", protocol: "tcp", port: "first" },
      ...{ action: "deny", priority: 7, peer: "ipv6 address" },
    };
    const given: PolicyCase = { order: "plain", rules: [rule], earlier: [] };
    const expected = {
      ...{ id: "r1", direction: "in", protocol: "tcp", port: 8888, action: "deny", priority: 7 },
      peer: { address: "fd00:1:2::14" },
    };
    expect(stepsOf(given, setting)).toEqual([{ do: "add rule", policy: "a", rule: expected }]);
    const { one6: _, cidr6: __, ...addresses } = setting.addresses;
    expect(stepsOf(given, { ...setting, addresses })).toEqual([
      { do: "add rule", policy: "a", rule: { ...expected, peer: { address: "10.1.2.14" } } },
    ]);
  });

  it("move a container from one group to the other with the rules in force", () => {
    const given: PolicyCase = { order: "moved", rules: [], earlier: [] };
    expect(stepsOf(given, setting)).toEqual([
      { do: "start visitor", group: "b" },
      { do: "stop visitor" },
      { do: "start visitor", group: "a" },
    ]);
    expect(stateOf(given, setting).members.at(-1)).toMatchObject({ name: "visitor", group: "group-a" });
  });
});
