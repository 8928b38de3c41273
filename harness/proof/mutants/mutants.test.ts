import { describe, expect, it } from "vitest";
import { usualPolicySemantics } from "#drivers/driver.ts";
import { policyMutantNames } from "#drivers/reference/faults/tables/policy.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import { generateCases } from "#harness/oracle/cases/generate.ts";
import { stateOf, stepsOf, undoing } from "#harness/oracle/cases/steps.ts";
import { describeFlow, flowsAmong, judgeAll } from "#harness/oracle/engine/table.ts";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import { SimulatedPlugin } from "./simulated-plugin.ts";

const semantics = usualPolicySemantics;
const ports = Object.values(setting.ports);
const casesOf = (seed: number) => generateCases(seed, 240, { semantics, ipv6: true });

/** The flows that differ while a case is in force, and once it has gone. */
function differing(plugin: SimulatedPlugin, given: PolicyCase): string[] {
  const differ = (one: PolicyCase) => {
    const { members } = stateOf(one, setting);
    const flows = flowsAmong(members, { families: [4, 6], ports });
    return judgeAll(stateOf(one, setting), flows, semantics)
      .filter(({ flow, verdict }) => plugin.lets(flow) !== (verdict === "open"))
      .map(({ flow }) => describeFlow(flow));
  };
  for (const step of stepsOf(given, setting)) plugin.do(step);
  const inForce = differ(given);
  for (const step of undoing(given)) plugin.do(step);
  return [...inForce, ...differ({ order: "plain", rules: [], earlier: [] })];
}

describe("the flows that the reference plugin plans", () => {
  it.each([1, 2, 3])("are what the oracle says in all 240 cases of seed %i", (seed) => {
    const plugin = new SimulatedPlugin(setting);
    for (const given of casesOf(seed)) expect(differing(plugin, given)).toEqual([]);
  });

  it("differ with every mistake within 240 cases, and with most of them within the first 50", () => {
    const cases = casesOf(1);
    const found = policyMutantNames.map((name) => {
      const plugin = new SimulatedPlugin(setting, name);
      return { name, at: cases.findIndex((given) => differing(plugin, given).length > 0) };
    });
    expect(found.filter(({ at }) => at < 0)).toEqual([]);
    expect(found.length).toBeGreaterThanOrEqual(20);
    expect(found.filter(({ at }) => at < 50).length).toBeGreaterThan(0.8 * found.length);
  });
});
