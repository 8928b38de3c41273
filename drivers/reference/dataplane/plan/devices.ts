import { createHash } from "node:crypto";

/** Interface that the engine finds for an endpoint after Join. */
export function innerDevice(endpointId: string): string {
  return `nc${digest(endpointId)}`;
}

/** End of an endpoint's pair that stays on the node as a port of the bridge. */
export function outerDevice(endpointId: string): string {
  return `nh${digest(endpointId)}`;
}

/** End of an endpoint's pair that stays on the node, which routes to it. */
export function routedDevice(endpointId: string): string {
  return `ng${digest(endpointId)}`;
}

/** Whether a name is one of `routedDevice`. */
export function isRoutedDevice(device: string): boolean {
  return /^ng[0-9a-f]{11}$/.test(device);
}

/** Both ends of the veth pair to the egress bridge, for containers attached through CNI. */
export function egressDevices(endpointId: string): { device: string; inner: string } {
  return { device: `no${digest(endpointId)}`, inner: `np${digest(endpointId)}` };
}

/** Interface names have 15 characters at most. */
function digest(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 11);
}
