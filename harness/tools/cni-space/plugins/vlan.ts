import { addressing, withoutManager } from "#harness/tools/cni-space/addresses.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";

export const vlan: OptionSpace = {
  plugin: "vlan",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/vlan/",
  base: {
    config: ({ index }) => ({ vlanId: 100 + index }),
    needs: ["link vlan", "link veth"],
    prepareHost: "ip link add ncxm type veth peer name ncxw && ip link set ncxm up && ip link set ncxw up",
    effects: [
      { what: "an 802.1Q interface", line: "ip -n $NETNS -d link show dev $IF", shows: /vlan .*id 1\d\d/ },
    ],
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
    mtu: {
      "–": {},
      "1400": {
        config: { mtu: 1400 },
        effects: [{ what: "an MTU of 1400", line: "ip -n $NETNS link show dev $IF", shows: /mtu 1400 / }],
      },
    },
  },
  apart: withoutManager,
  allocates: ({ ipam }) => ipam === "host-local",
};
