import { describe, expect, it } from "vitest";
import { type PolicySemantics, usualPolicySemantics } from "#drivers/driver.ts";
import { flowsAmong, judgeAll } from "#harness/oracle/engine/table.ts";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import { type PolicyCase, startsContainer } from "./case.ts";
import { generateCases } from "./generate.ts";
import { stateOf } from "./steps.ts";

const limits = { semantics: usualPolicySemantics, ipv6: true };
const ports = Object.values(setting.ports);

function verdictsOf(given: PolicyCase, semantics: PolicySemantics): Set<string> {
  const state = stateOf(given, setting);
  const flows = flowsAmong(state.members, { families: [4, 6], ports });
  return new Set(judgeAll(state, flows, semantics).map(({ verdict }) => verdict));
}

describe("generated cases", () => {
  it("are the same for a seed, and others for another", () => {
    expect(generateCases(1, 240, limits)).toEqual(generateCases(1, 240, limits));
    expect(generateCases(2, 240, limits)).not.toEqual(generateCases(1, 240, limits));
    expect(generateCases(1, 50, limits)).toEqual(generateCases(1, 240, limits).slice(0, 50));
  });

  it("have every order of events, peer, protocol and policy among the first fifty, and every pair of them in all", () => {
    for (const seed of [1, 2, 3]) {
      const cases = generateCases(seed, 240, limits);
      const told = (list: readonly PolicyCase[]) =>
        new Set(
          list.flatMap(({ order, rules }) =>
            rules.flatMap((rule) => [order, rule.peer, rule.protocol, rule.policy]),
          ),
        );
      expect(told(cases.slice(0, 50)).size).toBe(5 + 10 + 4 + 3);
      const pairs = new Set(cases.flatMap(({ order, rules }) => rules.map(({ peer }) => `${order} ${peer}`)));
      expect(pairs.size).toBe(5 * 10);
    }
  });

  it("are mostly such that something is blocked and something is open", () => {
    const telling = generateCases(1, 240, limits).filter(
      (given) => verdictsOf(given, usualPolicySemantics).size === 2,
    );
    expect(telling.length).toBeGreaterThan(150);
  });

  it("start containers in so few that they take no more time than the others", () => {
    expect(generateCases(1, 240, limits).filter(startsContainer).length).toBeLessThan(70);
  });

  it("name ports of protocols that have some, and priorities that a plugin must take", () => {
    const rules = generateCases(5, 400, limits).flatMap((given) => [...given.rules, ...given.earlier]);
    for (const { port, protocol, priority } of rules) {
      if (port !== "every") expect(["tcp", "udp"]).toContain(protocol);
      expect(priority).toBeGreaterThanOrEqual(1);
      expect(priority).toBeLessThanOrEqual(100);
    }
  });

  it("only allow where rules add, and name no IPv6 where there is none", () => {
    const semantics = { combine: "additive", ties: "unspecified" } as const;
    const cases = generateCases(1, 240, { semantics, ipv6: false });
    const rules = cases.flatMap((given) => [...given.rules, ...given.earlier]);
    expect(new Set(rules.map(({ action }) => action))).toEqual(new Set(["allow"]));
    expect(rules.filter(({ peer }) => peer.startsWith("ipv6"))).toEqual([]);
    expect(cases.filter((given) => verdictsOf(given, semantics).has("blocked")).length).toBeGreaterThan(200);
  });
});
