import { describe, expect, it } from "vitest";
import { Nonconformance } from "#harness/core/errors.ts";
import { addressIn } from "./attachment.ts";

const interfaces = [
  { name: "br0", mac: "02:00:00:00:00:01" },
  { name: "veth1", mac: "02:00:00:00:00:02" },
  { name: "eth0", mac: "02:00:00:00:00:03", sandbox: "/proc/1/ns/net" },
];
const result = (ips: { address: string; interface?: number }[]) => ({ cniVersion: "1.0.0", interfaces, ips });

describe("the container's address in a result", () => {
  it("is the IPv4 one that belongs to its interface", () => {
    const ips = [
      { address: "10.9.9.1/24", interface: 0 },
      { address: "fd00::2/64", interface: 2 },
      { address: "10.1.2.3/25", interface: 2 },
    ];
    expect(addressIn(result(ips), "eth0", "ADD")).toEqual({
      ip: "10.1.2.3",
      prefix: 25,
      mac: "02:00:00:00:00:03",
    });
  });

  it("may come without an interface", () => {
    expect(addressIn(result([{ address: "10.1.2.3/25" }]), "eth0", "ADD").ip).toBe("10.1.2.3");
  });

  it("that is missing is the plugin's failure", () => {
    const ips = [{ address: "10.9.9.1/24", interface: 0 }];
    expect(() => addressIn(result(ips), "eth0", "ADD")).toThrow(Nonconformance);
    expect(() => addressIn(result(ips), "eth0", "ADD")).toThrow(
      /an IPv4 address for eth0, got 10\.9\.9\.1\/24/,
    );
  });
});
