import { expect, test } from "vitest";
import { describeRoute, readRoutes, routeTo } from "./routes.ts";

const shown = JSON.stringify([
  { dst: "10.128.1.0/24", gateway: "10.128.0.1", dev: "ncrouter1", protocol: "bird" },
  { dst: "10.128.1.7", gateway: "10.128.0.2", dev: "ncrouter1", protocol: "bird" },
  {
    dst: "10.128.2.0/24",
    protocol: "bird",
    nexthops: [
      { gateway: "10.128.0.1", dev: "x" },
      { gateway: "10.128.0.2", dev: "x" },
    ],
  },
  { dst: "10.128.3.9", dev: "lo", protocol: "bird" },
  { dst: "fd00::7", gateway: "fd00:1::1" },
]);

test("the most specific route is the one by which a router forwards", () => {
  const known = readRoutes(shown);
  const to = (address: string) => describeRoute(routeTo(known, address));
  expect(to("10.128.1.7")).toBe("10.128.1.7/32 via 10.128.0.2");
  expect(to("10.128.1.8")).toBe("10.128.1.0/24 via 10.128.0.1");
  expect(to("10.128.2.1")).toBe("10.128.2.0/24 via 10.128.0.1, 10.128.0.2");
  expect(to("fd00::7")).toBe("fd00::7/128 via fd00:1::1");
  expect(to("10.128.3.9")).toBe("no route");
  expect(readRoutes("")).toEqual([]);
});
