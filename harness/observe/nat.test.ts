import { describe, expect, it } from "vitest";
import { parseIptablesNat, parseNftablesNat } from "./nat.ts";

describe("parseIptablesNat", () => {
  it("finds masquerade rules with their source and DNAT rules with port and destination", () => {
    const output = [
      "*nat",
      ":PREROUTING ACCEPT [0:0]",
      "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
      "-A DOCKER ! -i docker_gwbridge -p tcp -m tcp --dport 9099 -j DNAT --to-destination 172.18.0.4:9099",
      "-A DOCKER -i docker0 -j RETURN",
      "COMMIT",
    ].join("\n");
    expect(parseIptablesNat(output)).toMatchObject([
      { kind: "masquerade", source: "172.17.0.0/16", backend: "iptables" },
      { kind: "dnat", port: 9099, protocol: "tcp", to: "172.18.0.4:9099" },
    ]);
  });

  it("finds nothing in an empty table", () => {
    expect(parseIptablesNat("*nat\nCOMMIT\n")).toEqual([]);
  });
});

describe("parseNftablesNat", () => {
  const rule = (expr: object[], table = "docker-bridges") => ({
    rule: { family: "ip", table, chain: "nat-postrouting", handle: 7, expr },
  });
  const source = {
    match: {
      op: "==",
      left: { payload: { protocol: "ip", field: "saddr" } },
      right: { prefix: { addr: "172.17.0.0", len: 16 } },
    },
  };
  const port = { match: { op: "==", left: { payload: { protocol: "tcp", field: "dport" } }, right: 9099 } };

  it("finds masquerade and DNAT rules of a native ruleset", () => {
    const output = JSON.stringify({
      nftables: [
        { metainfo: { version: "1.1.3" } },
        rule([source, { masquerade: null }]),
        rule([port, { dnat: { addr: "172.18.0.4", port: 9099 } }]),
      ],
    });
    expect(parseNftablesNat(output)).toMatchObject([
      { kind: "masquerade", source: "172.17.0.0/16", backend: "nftables" },
      { kind: "dnat", port: 9099, protocol: "tcp", to: "172.18.0.4:9099" },
    ]);
  });

  it("leaves rules that iptables wrote to the iptables parser", () => {
    const output = JSON.stringify({
      nftables: [rule([{ xt: { type: "target", name: "MASQUERADE" } }, { masquerade: null }], "nat")],
    });
    expect(parseNftablesNat(output)).toEqual([]);
  });
});
