import { expect, test } from "vitest";
import { additions, parseState } from "./state.ts";

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
