const files = {
  bridge: "bridge.ts",
  overlay: "overlay.ts",
  macvlan: "macvlan.ts",
  reference: "reference/index.ts",
  contiv: "contiv/index.ts",
  "reference-cni": "reference/cni/index.ts",
  "cni-bridge": "cni/debian/bridge.ts",
  "cni-vxlan": "cni/debian/vxlan.ts",
  "cni-ptp": "cni/debian/ptp.ts",
  "cni-macvlan": "cni/debian/macvlan.ts",
} as const;

/** Name of a driver that comes with the suite: what `DRIVER` accepts besides files and packages. */
export type BuiltInDriver = keyof typeof files;

/** Drivers that come with the suite, by name. */
export const builtInDrivers = Object.keys(files) as BuiltInDriver[];

/** The file of a driver that comes with the suite; `undefined` for other names. */
export function fileOfBuiltIn(name: string): URL | undefined {
  return Object.hasOwn(files, name) ? new URL(files[name as BuiltInDriver], import.meta.url) : undefined;
}
