import { expect, it } from "vitest";
import { containers, hosts, ways } from "#suites/datapath/combinations.ts";

const axes = {
  protocol: ["tcp", "udp"],
  hostPort: ["equal", "other", "chosen", "ranged"],
  bound: ["every address", "one address", "loopback"],
  version: [4, 6],
  client: [...hosts, ...containers],
} as const;

it("published ports meet every pair of protocol, port of the node, address, IP version and client", () => {
  const rows = ways.flatMap(({ clients, ...way }) => clients.map((client) => ({ ...way, client })));
  const names = Object.keys(axes) as (keyof typeof axes)[];
  const wanted = names.flatMap((one, index) =>
    names
      .slice(index + 1)
      .flatMap((other) => axes[one].flatMap((a) => axes[other].map((b) => ({ [one]: a, [other]: b })))),
  );
  const missing = wanted.filter(
    (pair) =>
      !rows.some((row) =>
        Object.entries(pair).every(([name, value]) => row[name as keyof typeof row] === value),
      ),
  );
  expect(wanted).toHaveLength(2 * (4 + 3 + 2 + 6) + 4 * (3 + 2 + 6) + 3 * (2 + 6) + 2 * 6);
  expect(missing).toEqual([]);
});
