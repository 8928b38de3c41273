import { describe, expect, it } from "vitest";
import { ruleOptions } from "./rule-options.ts";

describe("a rule in netctl's words", () => {
  it("leaves out what the rule leaves out", () => {
    expect(ruleOptions({ id: "1", direction: "in", protocol: "any", action: "deny" })).toEqual([
      "--direction=in",
      "--action=deny",
    ]);
  });

  it("names port, priority and peer, from whom it comes", () => {
    const rule = {
      id: "2",
      direction: "in",
      protocol: "tcp",
      port: 8888,
      action: "allow",
      priority: 10,
    } as const;
    expect(ruleOptions({ ...rule, peer: { group: "web" } })).toEqual([
      "--direction=in",
      "--protocol=tcp",
      "--port=8888",
      "--action=allow",
      "--priority=10",
      "--from-group=web",
    ]);
  });

  it.each([
    [{ group: "db" }, "--to-group=db"],
    [{ network: "contiv-net" }, "--to-network=contiv-net"],
    [{ address: "10.1.2.0/24" }, "--to-ip-address=10.1.2.0/24"],
  ])("names the peer %o to whom it goes", (peer, option) => {
    expect(ruleOptions({ id: "3", direction: "out", protocol: "udp", action: "deny", peer })).toContain(
      option,
    );
  });
});
