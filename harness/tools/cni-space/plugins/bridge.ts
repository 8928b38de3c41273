import { addressing, macs, masquerading, withoutManager } from "#harness/tools/cni-space/addresses.ts";
import { flag, type OptionSpace } from "#harness/tools/cni-space/option.ts";

const port = "ip -n $HOST -d link show master nc-bridge";

export const bridge: OptionSpace = {
  plugin: "bridge",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/bridge/",
  base: { config: { bridge: "nc-bridge" }, needs: ["link bridge", "link veth"] },
  options: {
    ...addressing,
    gateway: {
      "–": {},
      isGateway: { config: { isGateway: true } },
      isDefaultGateway: {
        config: { isDefaultGateway: true },
        effects: [
          {
            what: "a default route of each IP version that the container has",
            told: ({ ips = [], routes }, { families }) =>
              ips.length === 0 ||
              families.every((version) =>
                routes?.some(({ dst }) => dst === (version === 4 ? "0.0.0.0/0" : "::/0")),
              ),
          },
        ],
      },
    },
    ...masquerading,
    mtu: {
      "–": {},
      "1400": {
        config: { mtu: 1400 },
        effects: [
          {
            what: "an MTU of 1400 in the container",
            line: "ip -n $NETNS link show dev $IF",
            shows: /mtu 1400 /,
          },
          { what: "an MTU of 1400 on the bridge's port", line: port, shows: /mtu 1400 / },
        ],
      },
    },
    port: {
      "–": {},
      hairpinMode: {
        config: { hairpinMode: true },
        effects: [{ what: "a port in hairpin mode", line: port, shows: /hairpin on/ }],
      },
      promiscMode: {
        config: { promiscMode: true },
        effects: [
          {
            what: "a promiscuous bridge",
            line: "ip -n $HOST link show dev nc-bridge",
            shows: /[<,]PROMISC[,>]/,
          },
        ],
      },
      portIsolation: {
        config: { portIsolation: true },
        since: "1.7.0",
        effects: [{ what: "an isolated port", line: port, shows: /isolated on/ }],
      },
      macspoofchk: { config: { macspoofchk: true }, needs: ["program nft"] },
    },
    vlan: {
      "–": {},
      "vlan 100": { config: { vlan: 100 }, needs: ["link bridge vlan_filtering 1"] },
      vlanTrunk: {
        config: { vlanTrunk: [{ id: 100 }, { minID: 200, maxID: 203 }] },
        since: "1.3.0",
        needs: ["link bridge vlan_filtering 1"],
      },
    },
    interface: {
      "–": {},
      disableContainerInterface: { config: { disableContainerInterface: true }, since: "1.4.1" },
    },
    forceAddress: flag("forceAddress"),
    enabledad: flag("enabledad"),
    mac: macs(["CNI_ARGS", "args.cni", "runtimeConfig"]),
  },
  apart: [
    ...withoutManager,
    // Both make the default route; that the plugin refuses the second is meant so.
    { gateway: "isDefaultGateway", routes: "to all" },
    // An interface that stays down gets no addresses.
    ...["host-local", "static", "static, two of each"].map((ipam) => ({
      ipam,
      interface: "disableContainerInterface",
    })),
  ],
  reach: ({ gateway, port: mode, interface: up, vlan }) => {
    if (up === "disableContainerInterface") return {};
    return {
      ...(mode === "portIsolation" ? {} : { between: true }),
      ...(gateway === "–" || vlan !== "–" ? {} : { host: {} }),
    };
  },
  allocates: ({ ipam }) => ipam === "host-local",
};
