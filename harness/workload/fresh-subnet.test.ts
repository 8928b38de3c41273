import { expect, it } from "vitest";
import { containsSubnet } from "#harness/core/ip.ts";
import { freshSubnet, freshSubnet6 } from "./fresh-subnet.ts";

it("gives every caller another subnet of the range", () => {
  const subnets = Array.from({ length: 300 }, freshSubnet);
  expect(new Set(subnets).size).toBe(300);
  expect(subnets.every((subnet) => containsSubnet("10.128.0.0/12", subnet))).toBe(true);
});

it("gives every caller another IPv6 subnet of a unique local prefix", () => {
  const subnets = Array.from({ length: 300 }, freshSubnet6);
  expect(new Set(subnets).size).toBe(300);
  expect(subnets.every((subnet) => containsSubnet("fd00::/8", subnet))).toBe(true);
});
