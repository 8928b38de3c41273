import { addressing, withoutManager } from "#harness/tools/cni-space/addresses.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";

export const hostDevice: OptionSpace = {
  plugin: "host-device",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/host-device/",
  base: {
    needs: ["link veth"],
    prepareContainer: "ip link add ncxd$INDEX address 02:00:00:00:0e:0$INDEX type veth peer name ncxe$INDEX",
  },
  options: {
    ...addressing,
    // kernelpath and pciBusID name hardware, which no namespace has of its own.
    device: {
      device: { config: ({ index }) => ({ device: `ncxd${index}` }) },
      hwaddr: { config: ({ index }) => ({ hwaddr: `02:00:00:00:0e:0${index}` }) },
    },
    peer: { up: { prepareContainer: "ip link set ncxe$INDEX up" }, down: {} },
  },
  apart: withoutManager,
  reach: ({ peer }) => (peer === "up" ? { host: { via: "ncxe$INDEX" } } : {}),
  allocates: ({ ipam }) => ipam === "host-local",
};
