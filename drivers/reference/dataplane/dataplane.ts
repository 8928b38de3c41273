import { accessTag, OvsBridge, trunkTags } from "#drivers/kit/nodes/open-vswitch.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { gratuitousArp, unsolicitedAdvertisement } from "./frames.ts";
import {
  addLinks,
  bringUp,
  type DumpedLink,
  dumpLinks,
  listDevices,
  mtuIn,
  removeLinks,
  setPeers,
} from "./links.ts";
import { type Bridged, emptyPlan, type NodePlan, type Overlay, type Port } from "./plan/node-plan.ts";
import { Resolvers } from "./resolvers.ts";
import { Routing } from "./routing.ts";

/** A node as the dataplane sees it. */
export interface DataplaneNode {
  readonly host: Host;
  /** Carries the VXLAN between the nodes. */
  readonly control: { readonly device: string; readonly address: string };
  /** Carries VLAN networks; becomes a port of the bridge while there are any. */
  readonly data: { readonly device: string };
}

export interface DataplaneOptions {
  /** Name of the bridge; at most 15 characters. */
  readonly bridge: string;
  /** UDP port of VXLAN; IANA's is 4789. */
  readonly vxlanPort: number;
  /** How interfaces are listed; default: `dumpLinks`. */
  readonly dump?: (host: Host) => Promise<DumpedLink[]>;
}

/** Bytes that VXLAN over IPv4 adds to an inner IP packet: Ethernet 14, VXLAN 8, UDP 8, IP 20. */
export const vxlanOverhead = 50;

/** What exists on the node, as far as the plan decides about it. */
interface Observed {
  /** Port → its tag settings. */
  readonly ports: Map<string, string>;
  readonly devices: Set<string>;
  flows: string;
}

/**
 * Makes a node what its plan says. Compares with what was found at the first use and after every failure, so a
 * plugin that starts again changes only what differs, and traffic keeps flowing.
 */
export class Dataplane {
  readonly #node: DataplaneNode;
  readonly #options: DataplaneOptions;
  readonly #bridge: OvsBridge;
  readonly #resolvers: Resolvers;
  readonly #routing: Routing;
  /** Control addresses of the other nodes. */
  readonly #peers: readonly string[];
  #userspace = false;
  #startedService = false;
  #underlayMtu = 1500;
  #dataMtu = 1500;
  #observed: Observed | undefined;

  constructor(node: DataplaneNode, peers: readonly string[], options: DataplaneOptions) {
    this.#node = node;
    this.#peers = peers;
    this.#options = options;
    this.#bridge = new OvsBridge(node.host, options.bridge);
    this.#resolvers = new Resolvers(node.host, options.bridge);
    this.#routing = new Routing(node.host, { name: options.bridge, dataDevice: node.data.device });
  }

  /** Makes the bridge. Throws `HarnessError` that names what is missing on the node. */
  async start(): Promise<void> {
    const [{ userspace, startedService }] = await Promise.all([
      this.#bridge.create(),
      this.#resolvers.start(),
    ]);
    this.#userspace = userspace;
    this.#startedService = startedService;
    await this.#readMtus();
  }

  /** A wire may carry less than it did when the plugin started. */
  async #readMtus(): Promise<void> {
    const { host, control, data } = this.#node;
    const { dump = dumpLinks } = this.#options;
    const links = await dump(host);
    this.#underlayMtu = mtuIn(links, host, control.device);
    this.#dataMtu = mtuIn(links, host, data.device);
  }

  /** Takes everything away that `start` and `apply` made. */
  async stop(): Promise<void> {
    await this.apply(emptyPlan);
    await this.#resolvers.stop();
    await this.#bridge.remove();
    if (this.#startedService) await this.#bridge.stopService();
  }

  /** MTU of a container's interface, in bytes. */
  mtu(encap: Bridged): number {
    return encap === "vxlan" ? this.#underlayMtu - vxlanOverhead : this.#dataMtu;
  }

  /** The state of each session of the node's speaker, in the order of its neighbours. */
  sessions(neighbors: number): Promise<string[]> {
    return this.#routing.sessions(neighbors);
  }

  async versions(): Promise<Record<string, string>> {
    return {
      openvswitch: await this.#bridge.version(),
      datapath: this.#userspace ? "userspace" : "kernel",
    };
  }

  /** Makes the node what `plan` says. After a failure the next call reads the node's state again. */
  async apply(plan: NodePlan): Promise<void> {
    const observed = this.#observed ?? (await this.#observe());
    this.#observed = undefined;
    await this.#remove(plan, observed);
    const added = await this.#add(plan, observed);
    const flows = plan.flows.join("\n");
    // A port that was added again may have another number.
    const stale = added.length > 0 || flows !== observed.flows;
    const ports = plan.ports.filter((port) => added.includes(port.device));
    // None of them goes on beside the next attempt.
    const ends = await Promise.allSettled([
      this.#resolvers.apply(plan.resolvers),
      stale ? this.#bridge.replaceFlows(plan.flows) : undefined,
      // What is sent out by hand does not pass the table.
      ...ports.flatMap(({ device, mac, ipv4, ipv6 }) => [
        this.#bridge.inject(device, gratuitousArp(mac, ipv4)),
        ...(ipv6 === undefined ? [] : [this.#bridge.inject(device, unsolicitedAdvertisement(mac, ipv6))]),
      ]),
      this.#routing.apply(plan.routing, this.#dataMtu),
    ]);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    observed.flows = flows;
    this.#observed = observed;
  }

  async #observe(): Promise<Observed> {
    const [ports, devices] = await Promise.all([this.#bridge.ports(), listDevices(this.#node.host)]);
    return {
      ports,
      devices: new Set(devices.filter((device) => /^n[hrv][0-9a-f]+$/.test(device))),
      flows: "",
    };
  }

  async #remove(plan: NodePlan, observed: Observed): Promise<void> {
    const wanted = this.#portsOf(plan);
    const ports = [...observed.ports.keys()].filter((device) => !wanted.has(device));
    await this.#bridge.change({ remove: ports, set: new Map() });
    for (const device of ports) observed.ports.delete(device);
    await this.#resolvers.remove(plan.resolvers);
    const devices = [...observed.devices].filter((device) => !wanted.has(device));
    await removeLinks(this.#node.host, devices);
    for (const device of devices) observed.devices.delete(device);
  }

  /** Resolves to the ports that were not there before. */
  async #add(plan: NodePlan, observed: Observed): Promise<string[]> {
    const { host } = this.#node;
    const missing = <T extends { device: string }>(devices: readonly T[]) =>
      devices.filter(({ device }) => !observed.devices.has(device));
    const overlays = missing(plan.overlays);
    const ports = missing(plan.ports);
    const resolvers = missing(plan.resolvers);
    if (overlays.length + ports.length > 0) await this.#readMtus();
    await addLinks(host, [
      ...overlays.map((overlay) => this.#overlayLink(overlay)),
      ...ports.map((port) => this.#portLink(port)),
      ...resolvers.map(({ device }) => this.#resolvers.link(device)),
    ]);
    for (const { device } of [...overlays, ...ports, ...resolvers]) observed.devices.add(device);
    const changed = new Map(
      [...this.#portsOf(plan)].filter(([device, tags]) => observed.ports.get(device) !== tags),
    );
    // Each of them needs the interfaces, and none of them another.
    await Promise.all([
      setPeers(
        host,
        overlays.map(({ device }) => device),
        this.#peers,
      ),
      // Userspace datapaths hand on half-made checksums, which the receiver drops.
      ...(this.#userspace ? ports.map(({ inner }) => host.run(["ethtool", "-K", inner, "tx", "off"])) : []),
      this.#bridge.change({ remove: [], set: changed }),
    ]);
    const added = [...changed.keys()].filter((device) => !observed.ports.has(device));
    for (const [device, tags] of changed) observed.ports.set(device, tags);
    return added;
  }

  #portsOf(plan: NodePlan): Map<string, string> {
    return new Map([
      ...[...plan.overlays, ...plan.ports, ...plan.resolvers].map(
        ({ device, tag }) => [device, accessTag(tag)] as const,
      ),
      // A trunk without a list would carry every network of the bridge, the overlays' local tags included.
      ...(plan.trunk.length > 0 ? [[this.#node.data.device, trunkTags(plan.trunk)] as const] : []),
    ]);
  }

  #overlayLink({ device, vni }: Overlay): string[] {
    const { device: underlay, address } = this.#node.control;
    const { vxlanPort } = this.#options;
    return [
      `link add ${device} mtu ${this.mtu("vxlan")} type vxlan id ${vni} dstport ${vxlanPort} local ${address} dev ${underlay}`,
      ...bringUp(device),
    ];
  }

  #portLink({ device, inner, encap, mac }: Port): string[] {
    const mtu = this.mtu(encap);
    return [
      `link add ${device} mtu ${mtu} type veth peer name ${inner} mtu ${mtu} address ${mac}`,
      ...bringUp(device),
    ];
  }
}

/** Checks once, before anything is made, that a node has the tools that the dataplane runs. */
export async function checkTools(host: Host, others: readonly string[] = []): Promise<void> {
  const tools = ["ip", "bridge", "ethtool", "ovs-vsctl", "ovs-ofctl", "dnsmasq", "nsenter", "awk", ...others];
  const script = 'for tool; do command -v "$tool" >/dev/null || echo "$tool"; done';
  const missing = (await host.run(["sh", "-c", script, "sh", ...tools])).split("\n").filter(Boolean);
  if (missing.length > 0) {
    throw new HarnessError(`${host.name}: missing ${missing.join(", ")}`, {
      hint: "install iproute2, ethtool, openvswitch-switch, dnsmasq-base, util-linux, mawk, iptables and python3 on the node",
    });
  }
}
