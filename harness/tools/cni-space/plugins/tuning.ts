import { macs } from "#harness/tools/cni-space/addresses.ts";
import { type Effect, family, type OptionSpace } from "#harness/tools/cni-space/option.ts";

const shown = "ip -n $NETNS -d link show dev $IF";
const filter: Effect = {
  what: "the setting of the kernel",
  line: "ip netns exec $NETNS sh -c 'cat /proc/sys/net/ipv4/conf/$IF/arp_filter'",
  shows: /^1$/m,
};
const byArgs = { args: { cni: { sysctl: { "net.ipv4.conf.all.arp_ignore": "1" } } } };
const ignored: Effect = {
  what: "the setting of the kernel",
  line: "ip netns exec $NETNS sysctl -n net.ipv4.conf.all.arp_ignore",
  shows: /^1$/m,
};
const promiscuous: Effect = { what: "promiscuous mode", line: shown, shows: /promiscuity [1-9]/ };
const queue: Effect = { what: "a queue of 555 packets", line: shown, shows: /qlen 555/ };
const all: Effect = { what: "all multicast packets", line: shown, shows: /[<,]ALLMULTI[,>]/ };
const narrow: Effect = { what: "an MTU of 1400", line: shown, shows: /mtu 1400 / };

export const tuning: OptionSpace = {
  plugin: "tuning",
  kind: "chained",
  source: "https://www.cni.dev/plugins/current/meta/tuning/",
  base: { config: ({ dataDir }) => ({ dataDir }) },
  options: {
    family,
    sysctl: {
      "–": {},
      "by name": {
        config: ({ ifName }) => ({
          sysctl: { [`net.ipv4.conf.${ifName.replaceAll(".", "/")}.arp_filter`]: "1" },
        }),
        effects: [filter],
      },
      IFNAME: { config: { sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" } }, effects: [filter] },
      "args.cni": { config: { sysctl: {}, ...byArgs }, effects: [ignored] },
      "args.cni alone": { config: byArgs, effects: [ignored], single: true },
    },
    interface: { nc0: {}, "with a dot": { ifName: "nc0.100" } },
    mtu: {
      "–": {},
      "1400": { config: { mtu: 1400 }, effects: [narrow] },
      "args.cni": { config: { args: { cni: { mtu: 1400 } } }, effects: [narrow] },
    },
    promisc: {
      "–": {},
      true: { config: { promisc: true }, effects: [promiscuous] },
      "args.cni": { config: { args: { cni: { promisc: true } } }, effects: [promiscuous] },
    },
    allmulti: {
      "–": {},
      true: { config: { allmulti: true }, effects: [all] },
      false: { config: { allmulti: false } },
    },
    txQLen: { "–": {}, "555": { config: { txQLen: 555 }, since: "1.4.0", effects: [queue] } },
    mac: macs(["config", "CNI_ARGS", "args.cni", "runtimeConfig"]),
  },
  // The name of a setting has the interface's name between dots.
  apart: [{ sysctl: "by name", interface: "with a dot" }],
  reach: () => ({ host: { via: "ncx$INDEX" } }),
};
