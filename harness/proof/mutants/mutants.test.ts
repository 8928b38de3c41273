import { describe, expect, it } from "vitest";
import { usualPolicySemantics } from "#drivers/driver.ts";
import { policyMutantNames } from "#drivers/reference/faults/tables/policy.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import { closings } from "#harness/oracle/cases/closing.ts";
import { generateCases } from "#harness/oracle/cases/generate.ts";
import { stateOf, stepsOf, undoing } from "#harness/oracle/cases/steps.ts";
import { describeFlow, flowsAmong, judgeAll } from "#harness/oracle/engine/table.ts";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import { SimulatedPlugin } from "./simulated-plugin.ts";

const semantics = usualPolicySemantics;
const ports = Object.values(setting.ports);
const casesOf = (seed: number) => generateCases(seed, 240, { semantics, ipv6: true });

/** The flows that differ from what a case comes to. */
function differ(plugin: SimulatedPlugin, one: PolicyCase): string[] {
  const { members } = stateOf(one, setting);
  const flows = flowsAmong(members, { families: [4, 6], ports });
  return judgeAll(stateOf(one, setting), flows, semantics)
    .filter(({ flow, verdict }) => plugin.lets(flow) !== (verdict === "open"))
    .map(({ flow }) => describeFlow(flow));
}

/** The flows that differ while a case is in force, and once it has gone. */
function differing(plugin: SimulatedPlugin, given: PolicyCase): string[] {
  for (const step of stepsOf(given, setting)) plugin.do(step);
  const inForce = differ(plugin, given);
  for (const step of undoing(given)) plugin.do(step);
  return [...inForce, ...differ(plugin, { order: "plain", rules: [], earlier: [] })];
}

/** The flows that differ while nothing but the least of rules closes both groups. */
function differingClosed(plugin: SimulatedPlugin): string[] {
  return closings(setting, semantics).flatMap(({ given, steps, undo }) => {
    for (const step of steps) plugin.do(step);
    const closed = differ(plugin, given);
    for (const step of undo) plugin.do(step);
    return closed;
  });
}

describe("the flows that the reference plugin plans", () => {
  it.each([1, 2, 3])("are what the oracle says in all 240 cases of seed %i", (seed) => {
    const plugin = new SimulatedPlugin(setting);
    for (const [index, given] of casesOf(seed).entries()) {
      expect(differing(plugin, given)).toEqual([]);
      if (index % 10 === 0) expect(differingClosed(plugin)).toEqual([]);
    }
  });

  it("differ, where a rule that allows stays, once both groups are closed after its case, and not before", () => {
    const allowing = casesOf(1).filter(
      ({ order, rules: [first, ...more] }) =>
        order === "plain" && more.length === 0 && first?.action === "allow" && first.priority > 1,
    );
    const found = allowing.map((given) => {
      const plugin = new SimulatedPlugin(setting, "deleted-allow-stays");
      expect(differing(plugin, given)).toEqual([]);
      return differingClosed(plugin).length > 0;
    });
    // Some allow what there is not, such as what comes from another network.
    expect(found.filter(Boolean).length).toBeGreaterThan(3);
    expect(found.filter(Boolean).length).toBeGreaterThan(found.length / 2);
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
