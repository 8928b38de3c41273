import { ipBatch } from "#drivers/reference/dataplane/links.ts";
import { egressPool } from "#drivers/reference/model/attachments.ts";
import type { PortMapping } from "#drivers/reference/model/state/state.ts";
import { addressOf, prefixOf } from "#harness/core/ip.ts";
import type { Host } from "#harness/host/host.ts";

const bridge = "ncout0";
const chains = { ports: "NETCONFORM-PORTS", forward: "NETCONFORM-FORWARD" } as const;
const prefix = prefixOf(egressPool.subnet);

/** Rules that stay while the plugin is installed: table, chain, then the rule. */
const permanent = [
  ["nat", "PREROUTING", "-m addrtype --dst-type LOCAL", `-j ${chains.ports}`],
  ["nat", "OUTPUT", "! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL", `-j ${chains.ports}`],
  ["nat", "POSTROUTING", `-s ${egressPool.subnet} ! -o ${bridge}`, "-j MASQUERADE"],
  // A container that asks for a published port of a neighbour; it could not answer the neighbour itself.
  ["nat", "POSTROUTING", `-s ${egressPool.subnet} -o ${bridge} -m conntrack --ctstate DNAT`, "-j MASQUERADE"],
  ["filter", "FORWARD", "", `-j ${chains.forward}`],
] as const;

const forwarding = [
  `-o ${bridge} -m conntrack --ctstate DNAT -j ACCEPT`,
  `-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  `-o ${bridge} -j DROP`,
  `-i ${bridge} -j ACCEPT`,
] as const;

/** A bridge without a MAC of its own changes it with its ports, and containers would have to ask again. */
const startScript = `
ip link show ${bridge} >/dev/null 2>&1 || ip link add ${bridge} type bridge
ip link set ${bridge} address 02:6e:63:6f:75:74
ip address replace ${egressPool.gateway}/${prefix} dev ${bridge}
ip link set ${bridge} addrgenmode none up
echo 1 >/proc/sys/net/ipv4/ip_forward
chain() { iptables --wait -t "$1" -S "$2" >/dev/null 2>&1 || iptables --wait -t "$1" -N "$2"; }
chain nat ${chains.ports}
chain filter ${chains.forward}
iptables --wait -F ${chains.forward}
${forwarding.map((rule) => `iptables --wait -A ${chains.forward} ${rule}`).join("\n")}
${permanent.map(([table, chain, match, target]) => once(table, chain, `${match} ${target}`)).join("\n")}`;

const stopScript = `
${permanent.map(([table, chain, match, target]) => `iptables --wait -t ${table} -D ${chain} ${match} ${target}`).join("\n")}
iptables --wait -F ${chains.forward}; iptables --wait -X ${chains.forward}
iptables --wait -t nat -F ${chains.ports}; iptables --wait -t nat -X ${chains.ports}
ip link delete ${bridge}
true`;

function once(table: string, chain: string, rule: string): string {
  const iptables = (act: string) => `iptables --wait -t ${table} ${act} ${chain} ${rule}`;
  return `${iptables("-C")} 2>/dev/null || ${iptables("-I")}`;
}

/** A container's interface to the egress bridge: names of both ends, address as CIDR. */
export interface EgressLink {
  readonly device: string;
  readonly inner: string;
  readonly address: string;
  readonly ports: readonly PortMapping[];
}

/**
 * The egress of containers attached through CNI, what docker_gwbridge is to those of an engine: a bridge on each node
 * whose ports do not reach each other, so that tenants stay apart, translated to the node's address.
 */
export class Egress {
  readonly bridge = bridge;
  readonly gateway = egressPool.gateway;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Makes bridge and rules, or what is missing of them. */
  async start(): Promise<void> {
    await this.#host.run(["sh", "-ec", startScript]);
  }

  /** Removes what `start` made. */
  async stop(): Promise<void> {
    await this.#host.run(["sh", "-c", `{ ${stopScript}\n} 2>/dev/null`]);
  }

  /** Makes the pair of interfaces and the translation of the ports; the inner end is still on the node. */
  async attach({ device, inner, address, ports }: EgressLink): Promise<void> {
    await ipBatch(this.#host, [
      `link add ${device} type veth peer name ${inner}`,
      `link set ${device} addrgenmode none master ${bridge}`,
      `link set ${device} type bridge_slave isolated on`,
      `link set ${device} up`,
    ]);
    for (const port of ports) await this.#host.run(translation("-A", port, address));
    for (const { protocol, hostPort } of ports) {
      // A client that went on sending has an entry without translation, or with that of the container before.
      if (protocol === "udp") await this.#host.exec(forgetFlows(hostPort));
    }
  }

  /** Removes what `attach` made, as far as it is there. */
  async detach({ device, address, ports }: Omit<EgressLink, "inner">): Promise<void> {
    for (const port of ports) {
      if ((await this.#host.exec(translation("-C", port, address))).code === 0)
        await this.#host.run(translation("-D", port, address));
    }
    await this.#host.exec(["ip", "link", "delete", device]);
  }

  /** What is missing of what `attach` made; empty when nothing is. */
  async missing({ device, address, ports }: Omit<EgressLink, "inner">): Promise<string> {
    if ((await this.#host.exec(["ip", "link", "show", "dev", device, "master", bridge])).stdout.trim() === "")
      return `the interface ${device} on ${bridge}`;
    for (const port of ports) {
      if ((await this.#host.exec(translation("-C", port, address))).code !== 0)
        return `the translation of port ${port.hostPort}/${port.protocol}`;
    }
    return "";
  }
}

/** Ends with another code than 0 where there is none, or no tool for it. */
function forgetFlows(hostPort: number): string[] {
  const script = 'conntrack --delete --proto udp --orig-port-dst "$1"';
  return ["sh", "-c", script, "sh", String(hostPort)];
}

function translation(act: "-A" | "-C" | "-D", port: PortMapping, address: string): string[] {
  const { hostPort, containerPort, protocol, hostIP } = port;
  return [
    ...["iptables", "--wait", "-t", "nat", act, chains.ports],
    ...(hostIP ? ["-d", hostIP] : []),
    ...["-p", protocol, "--dport", String(hostPort)],
    ...["-j", "DNAT", "--to-destination", `${addressOf(address)}:${containerPort}`],
  ];
}
