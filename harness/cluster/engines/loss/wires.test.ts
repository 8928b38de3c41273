import { expect, test } from "vitest";
import { countedIn } from "./wires.ts";

test("packets that a table has dropped are counted over all its chains", () => {
  const chain = (hook: string, packets: number) => `
	chain ${hook}0 {
		type filter hook ${hook} device "eth2" priority -300; policy accept;
		counter packets ${packets} bytes ${packets * 84} drop
	}`;
  expect(countedIn(`table netdev netconform_lost_a1 {${chain("ingress", 3)}${chain("egress", 4)}\n}`)).toBe(
    7,
  );
  expect(countedIn("table netdev netconform_lost_a1 {\n}")).toBe(0);
});
