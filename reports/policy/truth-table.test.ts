import { XmlDocument } from "libxml2-wasm";
import { expect, test } from "vitest";
import { usualPolicySemantics } from "#drivers/driver.ts";
import type { PolicyCase } from "#harness/oracle/cases/case.ts";
import { stateOf } from "#harness/oracle/cases/steps.ts";
import { flowsAmong, judgeAll, type SeenFlow } from "#harness/oracle/engine/table.ts";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import { drawTruthTable } from "./truth-table.ts";

const given: PolicyCase = {
  order: "plain",
  earlier: [],
  rules: [
    {
      ...{ policy: "a", direction: "in", protocol: "tcp", port: "first" },
      ...{ action: "deny", priority: 1, peer: "group b" },
    },
  ],
};

test("the picture has a square for each flow, and a cross on what differs, which tells what it is", () => {
  const state = stateOf(given, setting);
  const flows = flowsAmong(state.members, { families: [4, 6], ports: [8888, 8889, 8890] });
  const table = judgeAll(state, flows, usualPolicySemantics).map(({ flow, verdict }): SeenFlow => {
    const open = verdict === "open" || (flow.from.name === "b1" && flow.family === 6);
    return { flow, verdict, seen: open ? { state: "open", identity: flow.to.name } : { state: "dropped" } };
  });
  const picture = drawTruthTable(table, "case <7>");
  using document = XmlDocument.fromString(picture);
  const count = (path: string) => document.find(path, { s: "http://www.w3.org/2000/svg" }).length;
  expect(count("//s:g/s:rect")).toBe(flows.length);
  expect(count("//s:g/s:path")).toBe(2);
  expect(picture).toContain("case &lt;7&gt;: 2 of 196 differ");
  expect(picture).toContain("<title>b1 to a1, tcp 8888 over IPv6: must be blocked, was open</title>");
  expect(picture).not.toContain("<script");
});
