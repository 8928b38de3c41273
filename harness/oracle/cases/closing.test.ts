import { expect, it } from "vitest";
import { usualPolicySemantics } from "#drivers/driver.ts";
import { flowsAmong, judgeAll } from "#harness/oracle/engine/table.ts";
import { setting } from "#harness/oracle/fixtures/setting.ts";
import { closings } from "./closing.ts";
import { stateOf } from "./steps.ts";

const flows = flowsAmong(setting.members, { families: [4], ports: [8888] });

it.each([usualPolicySemantics, { combine: "additive", ties: "unspecified" } as const])(
  "closes both groups to everybody, direction by direction, by a rule of an id of its own: %o",
  (semantics) => {
    const [inward, outward] = closings(setting, semantics).map(({ given, steps, undo }) => {
      expect(steps).toMatchObject([{ do: "add rule", policy: "shared", rule: { id: "closing1" } }]);
      expect(undo).toEqual([{ do: "remove rule", policy: "shared", id: "closing1" }]);
      const table = judgeAll(stateOf(given, setting), flows, semantics);
      return table.filter(({ verdict }) => verdict === "blocked").map(({ flow }) => flow);
    });
    const own = flows.filter(({ from, to }) => from.tenant === "default" && to.tenant === "default");
    expect(inward).toEqual(own.filter(({ to }) => to.group !== undefined));
    expect(outward).toEqual(own.filter(({ from }) => from.group !== undefined));
  },
);
