import { expect, test } from "vitest";
import type { TableColumn } from "./column.ts";
import { findingsOf, withoutMachine } from "./findings.ts";

const column = (generation: string, reason: string): TableColumn => ({
  generation,
  folder: "/a/b",
  plugin: "bridge",
  version: "1.0.0",
  rules: {
    "CNI-2b": { outcome: "failed", reasons: ["no version"], reproduce: [] },
    "CNI-4a": { outcome: "failed", reasons: [reason], reproduce: [`run ${generation}`] },
    "CNI-4b": { outcome: "passed", reasons: [], reproduce: [] },
  },
});

const finding = (rule: string, reason: string, generations: string[], reproduce: string | undefined) => ({
  rule,
  reasons: [reason],
  plugins: { bridge: generations },
  reproduce,
});

test("plugins that break a rule in the same way are one finding", () => {
  const findings = findingsOf([
    column("1", "ADD of bridge: none in nccni-5-2-0"),
    column("2", "ADD of bridge: none in nccni-77-31-0"),
    column("3", "two"),
  ]);
  expect(findings).toEqual([
    finding("CNI-2b", "no version", ["1", "2", "3"], undefined),
    finding("CNI-4a", "ADD: none in nc-0", ["1", "2"], "run 1"),
    finding("CNI-4a", "two", ["3"], "run 3"),
  ]);
});

test("a line to repeat names the folder of the plugins, not where it lay", () => {
  const line =
    "ip netns add nccni-9-1; CNI_PATH=/tmp/nccni-9-1/d:/a/b:/opt/cni/bin:/usr/c /a/b/bridge <nccni-9-1-0 >/tmp/nccni-9-1/data";
  expect(withoutMachine(line, "/a/b")).toBe(
    "ip netns add nc; CNI_PATH=/tmp/nc/d:$CNI $CNI/bridge <nc-0 >/tmp/nc/data",
  );
});
