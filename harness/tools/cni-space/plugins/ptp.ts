import { addressing, masquerading, withoutFile } from "#harness/tools/cni-space/addresses.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";

// The plugin makes a route for each address: without an address manager it makes nothing.
const { none: _none, ...managers } = addressing.ipam;

export const ptp: OptionSpace = {
  plugin: "ptp",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/ptp/",
  base: { needs: ["link veth"] },
  options: {
    ...addressing,
    ipam: managers,
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
        ],
      },
    },
  },
  apart: [withoutFile],
  reach: () => ({ host: {} }),
  allocates: ({ ipam }) => ipam === "host-local",
};
