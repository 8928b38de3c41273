import { expect, test } from "vitest";
import { leftByFirst } from "#harness/cni/testbed/testbed.ts";
import type { SuiteResult } from "#harness/conformance/cni-run/run-suite.ts";
import { columnsOf, countOutcomes, formatTable } from "./table.ts";

const result = (changes: Partial<SuiteResult>): SuiteResult => ({
  title: "",
  requirement: "CNI-4a",
  driver: "bridge",
  engine: "cni-1.1.0",
  chapter: "cni",
  outcome: "passed",
  durationMs: 1,
  ...changes,
});

const plugins = { generation: "1.9.1", folder: "/plugins" };

test("the worst outcome of a rule's tests is the rule's, with its reasons and a line to repeat it", () => {
  const columns = columnsOf(plugins, [
    result({}),
    result({ outcome: "failed", reason: "expected a\nmore", reproduce: "do this" }),
    result({ outcome: "blocked", reason: "no kernel" }),
  ]);
  const cell = { outcome: "failed", reasons: ["expected a"], reproduce: ["do this"] };
  expect(columns).toEqual([{ ...plugins, plugin: "bridge", version: "1.1.0", rules: { "CNI-4a": cell } }]);
});

test("the table tells a broken MUST from a broken SHOULD, and a blocked plugin from both", () => {
  const text = formatTable(
    columnsOf(plugins, [
      result({ outcome: "failed", reason: "no result", reproduce: "do this" }),
      result({ requirement: "CNI-2b", outcome: "failed", reason: "no version" }),
      result({ driver: "ptp" }),
      result({ driver: "vlan", outcome: "blocked", reason: "no vlan devices" }),
    ]),
    { command: "npm run table", facts: ["a day"], generations: { "1.9.1": "a package" } },
  );
  expect(text).toContain("Made by `npm run table`; a day.\n\n- 1.9.1: a package\n");
  expect(text).toContain("## Plugins 1.9.1, CNI 1.1.0");
  expect(text).toContain("| rule | level |  | bridge | ptp | vlan |");
  expect(text).toContain("| CNI-4a | MUST | ADD prints its result on stdout | **✗** | ✓ | b |");
  expect(text).toMatch(/\| CNI-2b \| SHOULD \| .* \| ✗ \| {3}\| {3}\|/);
  expect(text).toContain("- vlan: no vlan devices");
  expect(text).toMatch(
    /### MUST\n\n\*\*CNI-4a\*\*, .*\n\n- bridge 1.9.1: no result\n(.*\n)*.*do this\n(.*\n)*### SHOULD/,
  );
});

test("what saw nothing leaves the cell to the other tests, and is told as such where there are none", () => {
  const unseen = { outcome: "not run", sawNothing: true, reason: "there were no routes" } as const;
  const columns = columnsOf(plugins, [
    result(unseen),
    result({}),
    result({ ...unseen, requirement: "CNI-4b" }),
  ]);
  expect(columns[0]?.rules["CNI-4a"]?.outcome).toBe("passed");
  expect(columns[0]?.rules["CNI-4b"]).toMatchObject({ outcome: "not run", sawNothing: true });
  expect(countOutcomes(columns)).toEqual({ passed: 1, "nothing seen": 1 });
});

test("plugins stand in the order of their names, and what only some runs show is marked", () => {
  const columns = columnsOf(plugins, [
    result({ driver: "ptp" }),
    result({ driver: "firewall", requirement: "CNI-17a", outcome: "failed", reason: "exists" }),
  ]);
  const text = formatTable(columns, { command: "x", facts: [], generations: {} });
  expect(text).toContain("| rule | level |  | firewall | ptp |");
  expect(text).toMatch(/\| CNI-17a \| MUST \| .* \| \*\*✗\*\*ʳ \|/);
});

test("what a first attachment leaves is listed, since no test counts it as a leak", () => {
  const facts = { [leftByFirst]: "link nc-bridge; sysctl ipv4/ip_forward:1" };
  const text = formatTable(columnsOf(plugins, [result({ facts })]), {
    ...{ command: "x", facts: [], generations: {} },
  });
  expect(text).toContain("- bridge: link nc-bridge; sysctl ipv4/ip_forward:1");
});
