import { expect, test } from "vitest";
import { attributesSaid, differsFrom, readRouteJson } from "./routes.ts";

const text = JSON.stringify([
  {
    type: "unicast",
    dst: "default",
    gateway: "10.88.0.1",
    dev: "nc0",
    protocol: "boot",
    scope: "global",
    flags: [],
  },
  {
    ...{
      type: "unicast",
      dst: "10.99.0.0/16",
      gateway: "10.88.0.1",
      dev: "nc0",
      table: "177",
      scope: "global",
    },
    ...{ metric: 77, metrics: [{ mtu: 1300 }], flags: [] },
  },
  { type: "unicast", dst: "10.88.0.1", dev: "nc0", protocol: "boot", scope: "link", flags: [] },
]);
const [everything, other, near] = readRouteJson(text, 4);

test("routes are read with table, priority, mtu and scope", () => {
  expect(everything).toMatchObject({ dst: "0.0.0.0/0", gateways: ["10.88.0.1"], table: 254, scope: 0 });
  expect(other).toMatchObject({ dst: "10.99.0.0/16", table: 177, priority: 77, mtu: 1300 });
  expect(near).toMatchObject({ dst: "10.88.0.1/32", gateways: [], scope: 253 });
  expect(readRouteJson("", 6)).toEqual([]);
});

test("a route differs in what the result says of it, and in nothing else", () => {
  const said = { dst: "10.99.0.0/16", gw: "10.88.0.1", mtu: 1300, priority: 77, table: 177 };
  expect(differsFrom(other!, said)).toBeUndefined();
  expect(differsFrom(other!, { dst: said.dst })).toBeUndefined();
  expect(differsFrom(other!, { ...said, scope: 0 })).toBeUndefined();
  expect(differsFrom(other!, { ...said, mtu: 1400, table: 200 })).toBe("mtu 1300, table 177");
  expect(differsFrom(near!, { dst: "10.88.0.1/32", gw: "10.88.0.9", scope: 200 })).toBe("gw none, scope 253");
  expect(attributesSaid({ ...said, scope: 253 })).toBe(
    "gw 10.88.0.1, priority 77, mtu 1300, table 177, scope 253",
  );
});
