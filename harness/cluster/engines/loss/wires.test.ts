import { expect, test } from "vitest";
import { countedIn, readDevices } from "./wires.ts";

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

test("packet sockets of every protocol read a device before packets can be dropped, and others do not", () => {
  const header = "sk               RefCnt Type Proto  Iface R Rmem   User   Inode";
  const everything = "00000000c0ffee01 3      3    0003   7     1 0      0      4711";
  const announcements = "00000000c0ffee02 3      3    88cc   9     1 0      0      4712";
  expect([...readDevices(`${header}\n${everything}\n${announcements}\n`)]).toEqual([7]);
  expect([...readDevices(`${header}\n`)]).toEqual([]);
});
