import { addressing, macs, withoutManager } from "#harness/tools/cni-space/addresses.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";

export const macvlan: OptionSpace = {
  plugin: "macvlan",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/macvlan/",
  base: {
    needs: ["link macvlan", "link veth"],
    prepareHost:
      "ip link add ncxm type veth peer name ncxw && ip link set ncxm up && ip link set ncxw up && ip route add default dev ncxm",
  },
  options: {
    ...addressing,
    family: {
      ...addressing.family,
      IPv6: {
        effects: [
          {
            what: "an announcement of IPv6 addresses that have moved (ndisc_notify)",
            line: "ip netns exec $NETNS sysctl -n net.ipv6.conf.$IF.ndisc_notify",
            shows: /^1$/m,
          },
        ],
      },
    },
    master: {
      "of the default route": {},
      given: { config: { master: "ncxm" } },
      linkInContainer: {
        since: "1.3.0",
        config: ({ index }) => ({ master: `ncxi${index}`, linkInContainer: true }),
        prepareContainer:
          "ip -n $NETNS link add ncxi$INDEX type veth peer name ncxj$INDEX && ip -n $NETNS link set ncxi$INDEX up && ip -n $NETNS link set ncxj$INDEX up",
      },
    },
    mode: {
      "–": {},
      bridge: mode("bridge"),
      private: mode("private"),
      vepa: mode("vepa"),
    },
    mtu: {
      "–": {},
      "1400": {
        config: { mtu: 1400 },
        effects: [{ what: "an MTU of 1400", line: "ip -n $NETNS link show dev $IF", shows: /mtu 1400 / }],
      },
    },
    bcqueuelen: { "–": {}, "2000": { config: { bcqueuelen: 2000 }, since: "1.6.0" } },
    mac: macs(["config", "CNI_ARGS", "runtimeConfig"]),
  },
  apart: withoutManager,
  reach: ({ mode: how, master }) =>
    (how === "–" || how === "bridge") && master !== "linkInContainer" ? { between: true } : {},
  allocates: ({ ipam }) => ipam === "host-local",
  gone: { what: "the master", line: "ip -n $HOST link del ncxm" },
};

function mode(name: string) {
  return {
    config: { mode: name },
    effects: [
      {
        what: `the mode ${name}`,
        line: "ip -n $NETNS -d link show dev $IF",
        shows: new RegExp(`macvlan mode ${name}`),
      },
    ],
  };
}
