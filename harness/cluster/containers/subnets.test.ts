import { describe, expect, it } from "vitest";
import { leaseSubnets, parseRoutes, prefixesOf, releaseSubnets } from "./subnets.ts";

describe("parseRoutes", () => {
  it("reads destinations as the kernel writes them", () => {
    const table = [
      "Iface\tDestination\tGateway \tFlags",
      "eth0\t00000000\t010200C0\t0003",
      "br0\t0004DE0A\t00000000\t0001",
      "",
    ].join("\n");
    expect(parseRoutes(table)).toEqual(["0.0.0.0", "10.222.4.0"]);
  });
});

describe("subnets", () => {
  it("gives each slot three networks of its own", () => {
    expect(prefixesOf("10.222.0.0/16", 3)).toEqual({
      management: "10.222.12",
      control: "10.222.13",
      data: "10.222.14",
    });
  });

  it("never leases one slot twice", async () => {
    const range = "10.199.0.0/16";
    const leases = await Promise.all(["one", "two", "three"].map((cluster) => leaseSubnets(range, cluster)));
    try {
      expect(new Set(leases.map(({ slot }) => slot)).size).toBe(3);
    } finally {
      for (const { slot } of leases) releaseSubnets(range, slot);
    }
  });
});
