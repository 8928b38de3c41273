import { sessionName } from "#drivers/kit/nodes/speaker-config.ts";
import { addressOf, familyOf } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";
import { Bird } from "#harness/observe/bgp/bird.ts";
import { ipBatch, listDevices, removeLinks } from "./links.ts";
import { isRoutedDevice } from "./plan/devices.ts";
import {
  emptyPlan,
  type FirewallRule,
  type NodeRoute,
  type ProxyNeighbour,
  type RoutedPort,
  type RoutingPlan,
} from "./plan/node-plan.ts";
import { announcedProtocol, silentProtocol } from "./plan/routing-plan.ts";

/** Routes to the containers of a node, and the speaker that announces them. Does nothing where nothing is routed. */
export class Routing {
  readonly #host: Host;
  readonly #bird: Bird;
  readonly #dataDevice: string;
  /** What the node is; unknown at first and after a failure. */
  #done: RoutingPlan | undefined;
  /** What may be there of plans that failed. */
  #tried = emptyPlan.routing;
  /** Whether the data interface had no IPv6 before it got an address of the speaker. */
  #withoutIpv6 = false;

  /** `name` keeps the files of several plugins on one host apart. */
  constructor(host: Host, { name, dataDevice }: { name: string; dataDevice: string }) {
    this.#host = host;
    this.#bird = new Bird(host, { name });
    this.#dataDevice = dataDevice;
  }

  /**
   * Makes the node what the plan says; new interfaces get `mtu` bytes. After a failure the next call begins with what is found.
   */
  async apply(plan: RoutingPlan, mtu: number): Promise<void> {
    const there = this.#done ?? (await this.#find(plan));
    const maybe = this.#done ?? union(there, this.#tried);
    this.#done = undefined;
    this.#tried = union(maybe, plan);
    await this.#remove(plan, maybe);
    await this.#add(plan, there, mtu);
    this.#done = plan;
    this.#tried = plan;
  }

  /** The state of each session of the speaker, in the order of its neighbours: a word of RFC 4271, section 8.2.2. */
  async sessions(neighbors: number): Promise<string[]> {
    if (neighbors === 0) return [];
    const states = new Map((await this.#bird.sessions()).map(({ protocol, state }) => [protocol, state]));
    return Array.from(
      { length: neighbors },
      (_, index) => states.get(sessionName(index)) ?? "not configured",
    );
  }

  /** What an earlier plugin left: interfaces that the plan has stay, and so does a speaker that runs. */
  async #find({ ports, speaker }: RoutingPlan): Promise<RoutingPlan> {
    const devices = (await listDevices(this.#host)).filter(isRoutedDevice);
    const config = await this.#bird.configuration();
    return {
      ...emptyPlan.routing,
      ports: devices.map((device) => ports.find((port) => port.device === device) ?? unknownPort(device)),
      ...(config === undefined ? {} : { speaker: { addresses: speaker?.addresses ?? [], config } }),
    };
  }

  /** What is gone already needs no removal. */
  async #remove(plan: RoutingPlan, done: RoutingPlan): Promise<void> {
    // The kernel tells a speaker of a route that is taken away, and not of one that goes with its interface.
    await this.#forced(without(done.routes, plan.routes).map((route) => `route del ${routeTo(route)}`));
    await this.#forced(without(done.proxies, plan.proxies).map((proxy) => `neighbour del ${proxied(proxy)}`));
    await removeLinks(
      this.#host,
      without(done.ports, plan.ports).map(({ device }) => device),
    );
    if (done.speaker && !plan.speaker) {
      await this.#bird.stop();
      await this.#forced(done.speaker.addresses.map((cidr) => `address del ${cidr} dev ${this.#dataDevice}`));
      if (this.#withoutIpv6) await this.#set([[ipv6Switch(this.#dataDevice), 1]]);
      this.#withoutIpv6 = false;
    }
    for (const rule of without(done.rules, plan.rules)) await this.#host.exec(iptables("-D", rule));
  }

  /** What is there already may be made again, but for interfaces. */
  async #add(plan: RoutingPlan, done: RoutingPlan, mtu: number): Promise<void> {
    for (const rule of without(plan.rules, done.rules)) {
      if ((await this.#host.exec(iptables("-C", rule))).code !== 0)
        await this.#host.run(iptables("-I", rule));
    }
    await this.#speak(plan, done);
    const ports = without(plan.ports, done.ports);
    await ipBatch(
      this.#host,
      ports.flatMap(({ device, inner, mac }) => [
        `link add ${device} mtu ${mtu} type veth peer name ${inner} mtu ${mtu} address ${mac}`,
        `link set ${device} addrgenmode none`,
      ]),
    );
    await this.#set(ports.flatMap(sysctlsOf));
    await ipBatch(this.#host, [
      ...ports.flatMap(({ device, gateways }) => [
        `link set ${device} up`,
        ...gateways.map((address) => `address add ${cidrOf(address)} dev ${device}${nodad(address)}`),
      ]),
      ...without(plan.routes, done.routes).map((route) => `route replace ${routeTo(route)}`),
      ...without(plan.proxies, done.proxies).map((proxy) => `neighbour replace ${proxied(proxy)}`),
    ]);
  }

  async #speak({ speaker }: RoutingPlan, done: RoutingPlan): Promise<void> {
    if (!speaker) return;
    const added = without(speaker.addresses, done.speaker?.addresses ?? []);
    if (added.some((cidr) => familyOf(cidr) === 6)) {
      const was = await this.#host.run(["cat", `/proc/sys/net/${ipv6Switch(this.#dataDevice)}`]);
      this.#withoutIpv6 ||= was.trim() === "1";
      await this.#set(ipv6On(this.#dataDevice));
    }
    await ipBatch(
      this.#host,
      added.map((cidr) => `address replace ${cidr} dev ${this.#dataDevice}${nodad(addressOf(cidr))}`),
    );
    if (speaker.config !== done.speaker?.config) await this.#bird.run(speaker.config);
  }

  async #set(values: readonly Sysctl[]): Promise<void> {
    if (values.length === 0) return;
    const script = values.map(([file, value]) => `echo ${value} >/proc/sys/net/${file}`).join("\n");
    await this.#host.run(["sh", "-ec", script]);
  }

  async #forced(lines: readonly string[]): Promise<void> {
    if (lines.length > 0)
      await this.#host.exec(["ip", "-force", "-batch", "-"], { input: `${lines.join("\n")}\n` });
  }
}

type Sysctl = readonly [file: string, value: number];

/** A container asks its link for everybody in its subnet; the node answers for those who are elsewhere, and at once. */
function sysctlsOf({ device, gateways }: RoutedPort): Sysctl[] {
  return [
    [`ipv4/conf/${device}/proxy_arp`, 1],
    [`ipv4/neigh/${device}/proxy_delay`, 0],
    ...(gateways.some((address) => familyOf(address) === 6)
      ? ([
          ...ipv6On(device),
          [`ipv6/conf/${device}/proxy_ndp`, 1],
          [`ipv6/neigh/${device}/proxy_delay`, 0],
        ] as const)
      : []),
  ];
}

/** Docker turns IPv6 off on what has no address of it, and a node forwards none before somebody asks. */
function ipv6On(device: string): Sysctl[] {
  return [
    [ipv6Switch(device), 0],
    ["ipv6/conf/all/forwarding", 1],
  ];
}

function union(one: RoutingPlan, other: RoutingPlan): RoutingPlan {
  const speaker = other.speaker ?? one.speaker;
  const addresses = [...(one.speaker?.addresses ?? []), ...(other.speaker?.addresses ?? [])];
  return {
    ports: [...one.ports, ...without(other.ports, one.ports)],
    routes: [...one.routes, ...without(other.routes, one.routes)],
    proxies: [...one.proxies, ...without(other.proxies, one.proxies)],
    rules: [...one.rules, ...without(other.rules, one.rules)],
    ...(speaker ? { speaker: { ...speaker, addresses: [...new Set(addresses)] } } : {}),
  };
}

function ipv6Switch(device: string): string {
  return `ipv6/conf/${device}/disable_ipv6`;
}

/** Those of `wanted` that are not among `others`. */
function without<T>(wanted: readonly T[], others: readonly T[]): T[] {
  const known = new Set(others.map((one) => JSON.stringify(one)));
  return wanted.filter((one) => !known.has(JSON.stringify(one)));
}

/** One of which nothing is known but that it is there. */
function unknownPort(device: string): RoutedPort {
  return { device, inner: "", mac: "", gateways: [] };
}

function iptables(act: "-C" | "-I" | "-D", [family, table, chain, ...rule]: FirewallRule): string[] {
  return [family === 4 ? "iptables" : "ip6tables", "--wait", "-t", table, act, chain, ...rule];
}

function routeTo({ address, device, via, announced }: NodeRoute): string {
  const protocol = `proto ${announced ? announcedProtocol : silentProtocol}`;
  if (device === undefined) return `blackhole ${cidrOf(address)} ${protocol}`;
  return `${cidrOf(address)} ${via === undefined ? "" : `via ${via} `}dev ${device} ${protocol}`;
}

function proxied({ device, address }: ProxyNeighbour): string {
  return `proxy ${address} dev ${device}`;
}

function cidrOf(address: string): string {
  return `${address}/${familyOf(address) === 6 ? 128 : 32}`;
}

/** An address that is still looked for on the link could not be used. */
function nodad(address: string): string {
  return familyOf(address) === 6 ? " nodad" : "";
}
