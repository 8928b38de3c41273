import { expect, test } from "vitest";
import { additions, parseState, whatStays } from "./state.ts";

test("a rule that is there once more is an addition", () => {
  expect(additions(["a", "b", "b"], ["b", "c"])).toEqual(["a", "b"]);
  expect(additions(["b"], ["b", "b"])).toEqual([]);
});

test("rules are told with their table, and what a table is born with is not told", () => {
  const output = `1: lo: <LOOPBACK> mtu 65536
=== iptables
*nat
:POSTROUTING ACCEPT [0:0]
:MINE - [0:0]
-A POSTROUTING -j MINE
*filter
:FORWARD DROP [3:4]
:INPUT ACCEPT [1:2]
=== rule6
0:	from all lookup local
=== filter
ifb0 root filter parent 1: protocol ip`;
  expect(parseState(output)).toEqual([
    "filter ifb0 root filter parent 1: protocol ip",
    "iptables filter :FORWARD DROP",
    "iptables nat -A POSTROUTING -j MINE",
    "iptables nat :MINE -",
    "link lo",
    "rule6 from all lookup local",
  ]);
});

test("a route over two hops is what the routes over each are", () => {
  const one = (device: string) => `default via fd00::1 dev ${device} proto static metric 1024 pref medium`;
  const hop = (device: string) => `nexthop via fd00::1 dev ${device} weight 1`;
  const merged = `default proto static metric 1024 pref medium\\\t${hop("nc0")} \\\t${hop("nc1")} `;
  expect(parseState(merged)).toEqual(parseState(`${one("nc0")}\n${one("nc1")}`));
  expect(parseState(merged)).toEqual([
    "route default via fd00::1 dev nc0 proto static",
    "route default via fd00::1 dev nc1 proto static",
  ]);
});

test("what ip prints in a row is told apart", () => {
  const output = `1: lo: <LOOPBACK> mtu 65536 qdisc noop
2: eth0@if3: <BROADCAST,UP> mtu 1500 qdisc noqueue
2: eth0    inet 10.0.0.2/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever preferred_lft forever
2: eth0    inet6 fd00::2/64 scope global \\       valid_lft forever preferred_lft forever
default via 10.0.0.1 dev eth0
local 10.0.0.2 dev eth0 table local proto kernel scope host src 10.0.0.2
fd00::/64 dev eth0 proto kernel metric 256 pref medium
0:\tfrom all lookup local
100:\tfrom 10.0.0.2 lookup 100
=== rule6
0:\tfrom all lookup local
=== kept
run/mine/one
lib/cache/two`;
  expect(parseState(output)).toEqual([
    "address eth0 10.0.0.2/24",
    "address eth0 fd00::2/64",
    "kept /run/mine/one",
    "kept /var/lib/cni/cache/two",
    "link eth0",
    "link lo",
    "route default via 10.0.0.1 dev eth0",
    "route fd00::/64 dev eth0 proto kernel",
    "rule from 10.0.0.2 lookup 100",
    "rule from all lookup local",
    "rule6 from all lookup local",
  ]);
});

test("what cannot be looked at is no place in which nothing stays", async () => {
  const broken = new Error("nft did not end within 30 s");
  await expect(whatStays(() => Promise.reject(broken), [])).rejects.toThrow(broken.message);
  let looks = 0;
  const brokenLater = () => {
    looks += 1;
    return looks === 1 ? Promise.resolve(["link gone-soon"]) : Promise.reject(broken);
  };
  await expect(whatStays(brokenLater, [])).rejects.toThrow(broken.message);
  expect(await whatStays(() => Promise.resolve(["link stays", "bridge"]), ["bridge"])).toEqual([
    "link stays",
  ]);
});
