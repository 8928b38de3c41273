import { addressing, withoutFile } from "#harness/tools/cni-space/addresses.ts";
import type { OptionSpace } from "#harness/tools/cni-space/option.ts";

const { none: _none, ...managers } = addressing.ipam;

export const dummy: OptionSpace = {
  plugin: "dummy",
  kind: "interface",
  source: "https://www.cni.dev/plugins/current/main/dummy/",
  base: { needs: ["link dummy"] },
  options: { ...addressing, ipam: managers },
  apart: [withoutFile],
  allocates: ({ ipam }) => ipam === "host-local",
};
