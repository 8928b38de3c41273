import { expect, test } from "vitest";
import { findingsOf, withoutMachine } from "./findings.ts";
import type { TableColumn } from "./table.ts";

const column = (generation: string, reason: string): TableColumn => ({
  generation,
  plugin: "bridge",
  version: "1.0.0",
  rules: {
    "CNI-2b": { outcome: "failed", reasons: ["no version"], reproduce: [] },
    "CNI-4a": { outcome: "failed", reasons: [reason], reproduce: [`run ${generation}`] },
    "CNI-4b": { outcome: "passed", reasons: [], reproduce: [] },
  },
});

test("generations that break a rule in the same way are one finding, and MUSTs come first", () => {
  const findings = findingsOf([
    column("1", "none in nccni-5-2-0"),
    column("2", "none in nccni-77-31-0"),
    column("3", "two"),
  ]);
  expect(findings.map(({ rule, generations, reasons }) => [rule, generations, reasons])).toEqual([
    ["CNI-4a", ["1", "2"], ["none in nc-0"]],
    ["CNI-4a", ["3"], ["two"]],
    ["CNI-2b", ["1", "2", "3"], ["no version"]],
  ]);
  expect(findings[0]?.reproduce).toBe("run 1");
});

test("a line to repeat names the folder of the plugins, not where it lay", () => {
  const line =
    "ip netns add nccni-9-1; CNI_PATH=/a/b:/opt/cni/bin /a/b/bridge <nccni-9-1-0 >/tmp/nccni-9-1/data";
  expect(withoutMachine(line)).toBe("ip netns add nc; CNI_PATH=$CNI $CNI/bridge <nc-0 >/tmp/nc/data");
});
