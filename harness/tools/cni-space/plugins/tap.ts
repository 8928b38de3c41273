import { addressing, macs, withoutManager } from "#harness/tools/cni-space/addresses.ts";
import { flag, type OptionSpace } from "#harness/tools/cni-space/option.ts";

const details = "ip -n $NETNS -d link show dev $IF";

export const tap: OptionSpace = {
  plugin: "tap",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/tap/",
  base: { needs: ["device /dev/net/tun"] },
  options: {
    ...addressing,
    multiQueue: flag("multiQueue", {
      effects: [{ what: "several queues", line: details, shows: /multi_queue/ }],
    }),
    mtu: {
      "–": {},
      "1400": {
        config: { mtu: 1400 },
        effects: [{ what: "an MTU of 1400", line: details, shows: /mtu 1400 / }],
      },
    },
    owner: {
      "–": {},
      "owner and group": {
        config: { owner: 1234, group: 2345 },
        effects: [{ what: "owner and group", line: details, shows: /user 1234 group 2345/ }],
      },
    },
    bridge: {
      "–": {},
      given: {
        config: ({ index }) => ({ bridge: `ncxbr${index}` }),
        prepareContainer: "ip -n $NETNS link add ncxbr$INDEX address 02:00:00:00:0c:0$INDEX type bridge",
        needs: ["link bridge"],
        effects: [{ what: "a port of the bridge", line: details, shows: /master ncxbr\d/ }],
      },
    },
    mac: macs(["config", "CNI_ARGS", "runtimeConfig"]),
  },
  apart: withoutManager,
  allocates: ({ ipam }) => ipam === "host-local",
};
