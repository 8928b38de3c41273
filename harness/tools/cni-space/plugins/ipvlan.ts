import { addressing, withoutManager } from "#harness/tools/cni-space/addresses.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";

export const ipvlan: OptionSpace = {
  plugin: "ipvlan",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/ipvlan/",
  base: {
    needs: ["link ipvlan", "link veth"],
    prepareHost: "ip link add ncxm type veth peer name ncxw && ip link set ncxm up && ip link set ncxw up",
  },
  options: {
    ...addressing,
    master: {
      given: { config: { master: "ncxm" } },
      linkInContainer: {
        since: "1.3.0",
        config: ({ index }) => ({ master: `ncxi${index}`, linkInContainer: true }),
        prepareContainer:
          "ip -n $NETNS link add ncxi$INDEX type veth peer name ncxj$INDEX && ip -n $NETNS link set ncxi$INDEX up && ip -n $NETNS link set ncxj$INDEX up",
      },
    },
    mode: { "–": {}, l2: mode("l2"), l3: mode("l3"), l3s: mode("l3s") },
    mtu: {
      "–": {},
      "1400": {
        config: { mtu: 1400 },
        effects: [{ what: "an MTU of 1400", line: "ip -n $NETNS link show dev $IF", shows: /mtu 1400 / }],
      },
    },
  },
  apart: withoutManager,
  reach: ({ mode: how, master }) =>
    (how === "–" || how === "l2") && master === "given" ? { between: true } : {},
  allocates: ({ ipam }) => ipam === "host-local",
};

function mode(name: string) {
  return {
    config: { mode: name },
    effects: [
      {
        what: `the mode ${name}`,
        line: "ip -n $NETNS -d link show dev $IF",
        shows: new RegExp(`ipvlan +mode ${name}\\b`),
      },
    ],
  };
}
