import { moduleEnding } from "#harness/core/project-root.ts";

const files = {
  bridge: "bridge",
  overlay: "overlay",
  macvlan: "macvlan/tagged",
  "macvlan-plain": "macvlan/plain",
  reference: "reference/index",
  contiv: "contiv/index",
  "reference-cni": "reference/cni/index",
  "cni-bridge": "cni/debian/bridge",
  "cni-vxlan": "cni/debian/vxlan",
  "cni-ptp": "cni/debian/ptp",
  "cni-bgp": "cni/debian/bgp",
  "cni-macvlan": "cni/debian/macvlan",
  "cni-isolated": "cni/debian/isolated",
} as const;

/** Name of a driver that comes with the suite: what `DRIVER` accepts besides files and packages. */
export type BuiltInDriver = keyof typeof files;

/** Drivers that come with the suite, by name. */
export const builtInDrivers = Object.keys(files) as BuiltInDriver[];

/** The file of a driver that comes with the suite; `undefined` for other names. */
export function fileOfBuiltIn(name: string): URL | undefined {
  return Object.hasOwn(files, name)
    ? new URL(`${files[name as BuiltInDriver]}${moduleEnding}`, import.meta.url)
    : undefined;
}
