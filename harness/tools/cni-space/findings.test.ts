import { describe, expect, test } from "vitest";
import { findingsOf, generalReason, valuesApart } from "./findings.ts";
import type { Verdict } from "./walk/rows.ts";

describe("the values that tell what is broken from what is kept", () => {
  test("are one where one is enough", () => {
    const broken = [
      { family: "IPv6", mtu: "1400" },
      { family: "IPv6", mtu: "–" },
    ];
    const kept = [
      { family: "IPv4", mtu: "1400" },
      { family: "IPv4", mtu: "–" },
    ];
    expect(valuesApart(broken, kept)).toEqual({ family: "IPv6" });
  });

  test("are two where each of them is kept beside others", () => {
    const broken = [
      { family: "IPv6", mtu: "1400", port: "a" },
      { family: "IPv6", mtu: "1400", port: "b" },
    ];
    const kept = [
      { family: "IPv6", mtu: "–", port: "a" },
      { family: "IPv4", mtu: "1400", port: "a" },
    ];
    expect(valuesApart(broken, kept)).toEqual({ family: "IPv6", mtu: "1400" });
    expect(valuesApart(broken.slice(1), [...kept, { family: "IPv4", mtu: "–", port: "b" }])).toBeUndefined();
  });

  test("are none where nothing is kept, or no two are enough", () => {
    expect(valuesApart([{ family: "IPv6" }], [])).toBeUndefined();
    expect(valuesApart([{ family: "IPv6" }], [{ family: "IPv6" }])).toBeUndefined();
  });
});

test("a reason reads the same in every run", () => {
  expect(
    generalReason(
      "CHECK of bridge: nccni-77-3 has 02:00:00:00:0f:01 on veth0a1b2c3d, 10.88.0.12/24",
      "/plugins",
    ),
  ).toBe("CHECK of bridge: nc has MAC on veth…, ADDRESS");
  const left = "DEL of firewall: expected nothing to be left after DEL, got ";
  expect(
    generalReason(
      `${left}ip6tables filter -A X -s fd00:88::2/128 -j ACCEPT; iptables filter -A X -s 10.88.0.2/32`,
      "/plugins",
    ),
  ).toBe(`${left}iptables filter -A X`);
});

test("configurations that are red in one way are one finding; what was not run is none", () => {
  const configuration = (name: string, family: string, verdict: Verdict) => ({
    ...{ name, plugin: "bridge", choices: { family }, steps: [] },
    verdicts: { "CNI-11a": verdict },
  });
  const failed: Verdict = { outcome: "failed", reasons: ["CHECK of bridge: expected success, got exit 1"] };
  const walked = [
    configuration("bridge-01", "IPv6", failed),
    configuration("bridge-02", "dual stack", { outcome: "not run", reasons: ["ADD fails"] }),
    configuration("bridge-03", "IPv6", failed),
    configuration("bridge-04", "IPv4", { outcome: "passed", reasons: [] }),
  ];
  expect(findingsOf({ generation: "1.9.1", folder: "/plugins", walked })).toEqual([
    {
      rule: "CNI-11a",
      plugin: "bridge",
      generation: "1.9.1",
      reason: "CHECK of bridge: expected success, got exit 1",
      configurations: ["bridge-01", "bridge-03"],
      values: { family: "IPv6" },
    },
  ]);
});
