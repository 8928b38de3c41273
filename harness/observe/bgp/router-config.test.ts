import { expect, test } from "vitest";
import { protocolOf, routerConfig } from "./router-config.ts";

test("a router has a session for each address of a neighbour, and a route to what is behind it, by IP version", () => {
  const config = routerConfig({
    ...{ as: 64_600, address: "10.128.0.240" },
    behind: [
      { prefix: "10.128.1.0/24", via: "169.254.254.2" },
      { prefix: "fd01::/64", via: "fd02::2" },
    ],
    neighbors: [{ name: "node-1", as: 64_601, addresses: ["10.128.0.1", "fd00::1"] }],
  });
  expect(config).toContain("router id 10.128.0.240;");
  expect(config).toContain("ipv4;\n  route 10.128.1.0/24 via 169.254.254.2;");
  expect(config).toContain("ipv6;\n  route fd01::/64 via fd02::2;");
  expect(config).toMatch(/protocol bgp node_1_v4 \{\s+local as 64600;\s+neighbor 10\.128\.0\.1 as 64601;/);
  expect(config).toMatch(/protocol bgp node_1_v6 \{\s+local as 64600;\s+neighbor fd00::1 as 64601;/);
  expect(protocolOf("node-1", "fd00::1")).toBe("node_1_v6");
});
