import { expect, test } from "vitest";
import { prefix6Of } from "#harness/cluster/ipv6.ts";
import { parseAddressing, removalsOf } from "./addressing.ts";

const before = parseAddressing(`addresses lo 127.0.0.1/8
addresses eth2 192.0.2.1/24
routes default via 192.0.2.254 dev eth2
routes 10.130.7.0/24 via 192.0.2.9 dev eth2
withoutIpv6 eth2`);

test("what a run added in the project's subnets is taken away, and nothing else", () => {
  const own6 = prefix6Of("nc-1", "control").replace("::/64", "::7/64");
  const now = parseAddressing(`addresses lo 127.0.0.1/8
addresses eth2 192.0.2.1/24
addresses eth2 192.0.2.77/24
addresses eth2 10.128.1.1/24
addresses eth2 fd6e:6334:6f6e:1::1/64
addresses eth1 ${own6}
routes default via 192.0.2.254 dev eth2
routes 10.130.7.0/24 via 192.0.2.9 dev eth2
routes 10.128.1.0/24 dev eth2 proto kernel scope link src 10.128.1.1 linkdown
routes 10.1.2.128/25 via 192.0.2.2 dev eth1
routes blackhole 10.128.9.9 proto 110
routes 198.51.100.0/24 via 192.0.2.3 dev eth1
routes fd6e:6334:6f6e:2::/64 via fd00::1 dev eth1 metric 1024 pref medium`);
  expect(removalsOf("nc-1", before, now)).toEqual([
    "address del 10.128.1.1/24 dev eth2",
    "address del fd6e:6334:6f6e:1::1/64 dev eth2",
    `address del ${own6} dev eth1`,
    "route del 10.128.1.0/24 dev eth2 proto kernel scope link src 10.128.1.1",
    "route del 10.1.2.128/25 via 192.0.2.2 dev eth1",
    "route del blackhole 10.128.9.9 proto 110",
    "route del fd6e:6334:6f6e:2::/64 via fd00::1 dev eth1 metric 1024 pref medium",
  ]);
  expect(removalsOf("nc-1", before, before)).toEqual([]);
});
