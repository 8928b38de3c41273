import { describe, expect, test } from "vitest";
import { engineRefusal } from "./node-container.ts";

describe("the log of a node whose engine does not start", () => {
  test("gives the engine's last lines", () => {
    const log = [
      "netconform-node: sshd listens",
      "netconform-engine: dockerd ended before it answered; the end of /var/log/dockerd.log:",
      'invalid firewall-backend: allowed values are "iptables" and "nftables"',
      "",
    ].join("\n");
    expect(engineRefusal(log)).toBe(
      "dockerd ended before it answered; the end of /var/log/dockerd.log:\n" +
        'invalid firewall-backend: allowed values are "iptables" and "nftables"',
    );
  });

  test("says nothing of an engine where that is not why", () => {
    expect(engineRefusal("netconform-node: sshd listens\nnetconform-node: ready\n")).toBeUndefined();
  });
});
