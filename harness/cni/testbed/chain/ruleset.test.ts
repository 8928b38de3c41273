import { expect, test } from "vitest";
import { readRuleset } from "./ruleset.ts";

const ruleset = `
table ip nat {
chain POSTROUTING {
type nat hook postrouting priority srcnat; policy accept;
}
}
table inet masquerade {
set addresses {
type ipv4_addr
elements = { 10.88.0.2,
10.88.0.3 }
}
chain checks {
ip saddr @addresses masquerade
ip saddr { 10.1.0.1, 10.1.0.2 } drop
}
}`;

test("a ruleset is told by its rules and elements, without what iptables tells", () => {
  expect(readRuleset(ruleset.split("\n").filter(Boolean))).toEqual([
    "table inet masquerade",
    "table inet masquerade set addresses",
    "table inet masquerade set addresses type ipv4_addr",
    "table inet masquerade set addresses element 10.88.0.2",
    "table inet masquerade set addresses element 10.88.0.3",
    "table inet masquerade chain checks",
    "table inet masquerade chain checks ip saddr @addresses masquerade",
    "table inet masquerade chain checks ip saddr { 10.1.0.1, 10.1.0.2 } drop",
  ]);
});
