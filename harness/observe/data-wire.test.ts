import { expect, test } from "vitest";
import { Blocked } from "#harness/core/errors.ts";
import { dataWireOf } from "./data-wire.ts";

const at = (device: string) => ({ device, address: "192.0.2.1", prefix: 24 });
const hostWith = (data: string) => ({
  name: "outside",
  interfaces: { management: at("eth0"), control: at("eth1"), data: at(data) },
});

test("the data interface is the wire, unless the host itself is reached over it", () => {
  expect(dataWireOf(hostWith("eth2"))).toBe("eth2");
  expect(() => dataWireOf(hostWith("eth0"))).toThrow(Blocked);
  expect(() => dataWireOf(hostWith("eth0"))).toThrow(/outside is reached over eth0 itself.*inventory/);
});
