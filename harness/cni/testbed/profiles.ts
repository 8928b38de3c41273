import type { PluginKind } from "#suites/requirements/applicability/applies-to.ts";

/** Addresses of the suite's scratch network. */
export const subnet = "10.88.0.0/24";
export const gateway = "10.88.0.1";
export const subnet6 = "fd00:88::/64";
export const gateway6 = "fd00:88::1";

/** What a configuration may need to know of the place it is used in. */
export interface ProfileValues {
  /** Scratch folder for leases and other state. */
  readonly dataDir: string;
  /** Running number of the container, from 0. */
  readonly index: number;
  /** Interface that the container is to get, or has. */
  readonly ifName: string;
}

/** Something that CHECK should notice when it is broken. */
export interface Breakage {
  /** As it reads in a failure: "the DNAT rule". */
  readonly what: string;
  /** Shell line; `$HOST` and `$NETNS` are the namespaces' names, `$IF` the interface's. */
  readonly script: string;
  /**
   * Shell line that prints what is there, with the same variables: the break counts where it prints something else afterwards. Left out: what
   * the suite compares of the host and the container.
   */
  readonly shows?: string;
}

/** One plugin of a configuration list, and what its place there needs. */
export interface ChainMember
  extends Pick<PluginProfile, "config" | "needs" | "prepareHost" | "prepareContainer"> {
  /** File name of the plugin. */
  readonly type: string;
}

/** How to use a plugin, with nothing that the run has not made itself. */
export interface PluginProfile {
  readonly kind: PluginKind;
  /** Plugin configuration without `type`. */
  readonly config: (values: ProfileValues) => Record<string, unknown>;
  /** Kernel link types and programs that the plugin cannot do without. */
  readonly needs?: readonly string[];
  /** Why no attachment can be tried here; tests that need none still run. */
  readonly unavailable?: string;
  /** Shell lines that prepare the testbed once, and for each container; same variables as `Breakage`, and `$INDEX`. */
  readonly prepareHost?: string;
  readonly prepareContainer?: string;
  /** Interface name to ask for; default `nc0`. */
  readonly ifName?: string;
  /** Capability arguments, and what becomes `CNI_ARGS`; default: the usual ones, and none. */
  readonly capabilities?: (values: ProfileValues) => Record<string, unknown>;
  readonly args?: (values: ProfileValues) => Readonly<Record<string, string>>;
  /** Shell line that lists what the plugin keeps elsewhere, a line each; same variables. */
  readonly state?: string;
  /** `machine`: called in the namespaces of this machine, where only `state` and the scratch folder are compared. */
  readonly namespace?: "place" | "machine";
  /** The configuration has an `ipam` section that another delegate can be put into. */
  readonly delegates?: boolean;
  /** Every container gets an address of its own. */
  readonly allocates?: boolean;
  /** What is given out is written down outside of the scratch folder, where no test can remove it. */
  readonly leasesElsewhere?: boolean;
  /** A chained plugin that works on CNI_IFNAME itself, not only on the addresses in prevResult. */
  readonly worksOnInterface?: boolean;
  /** Chained plugins that need nothing before them, e.g. loopback. */
  readonly standsAlone?: boolean;
  /** IP versions of the addresses that the plugin before a chained one has given; default: IPv4. */
  readonly families?: readonly (4 | 6)[];
  readonly breakages?: readonly Breakage[];
  /** Lists that the configuration is part of, whole; absent where it is a ready-made one. */
  readonly lists?: readonly (readonly ChainMember[])[];
  /** The configuration with room for one container only. */
  readonly exhausted?: PluginProfile["config"];
}

const hostLocal = ({ dataDir }: ProfileValues) => ({
  type: "host-local",
  ranges: [[{ subnet, gateway }]],
  routes: [{ dst: "0.0.0.0/0" }],
  dataDir,
});

const oneAddress = { rangeStart: "10.88.0.10", rangeEnd: "10.88.0.10" };
const debugIpam = ({ dataDir }: ProfileValues) => ({
  type: "debug-ipam",
  subnet,
  gateway,
  routes: [{ dst: "0.0.0.0/0" }],
  dataDir,
});

const withHostLocal = (config: Record<string, unknown>) => (values: ProfileValues) => ({
  ...config,
  ipam: hostLocal(values),
});

const master = "ip link add ncxm type veth peer name ncxw && ip link set ncxm up && ip link set ncxw up";
const masquerade: Breakage = {
  what: "the masquerade rule",
  script: "ip netns exec $HOST iptables -t nat -F POSTROUTING",
};
const maker = { kind: "interface", delegates: true, allocates: true } as const;

/**
 * Capability arguments for container `index`, as the CNI conventions have them; a plugin gets those that its
 * configuration declares.
 */
export function capabilityArgs(index: number): Record<string, unknown> {
  return {
    portMappings: [
      { hostPort: 18080 + index, containerPort: 80, protocol: "tcp" },
      { hostPort: 19080 + index, containerPort: 53, protocol: "udp" },
      { hostPort: 20080 + index, containerPort: 80, protocol: "tcp", hostIP: "127.0.0.1" },
    ],
    dns: { servers: ["10.88.0.53"], searches: ["netconform.test"], options: ["ndots:2"] },
    bandwidth: { ingressRate: 1e6, ingressBurst: 1e6, egressRate: 1e6, egressBurst: 1e6 },
    mac: `02:00:00:00:0d:${index.toString(16).padStart(2, "0")}`,
    aliases: [`nc-container-${index}`],
  };
}

/** Ready-made minimal configurations, for Debian's plugins, the reference plugin and the debug plugins. */
export const profiles: Readonly<Record<string, PluginProfile>> = {
  bridge: {
    ...maker,
    config: withHostLocal({ bridge: "nc-bridge", isGateway: true, ipMasq: true }),
    needs: ["link bridge", "link veth", "program iptables"],
    breakages: [masquerade],
  },
  ptp: {
    ...maker,
    config: withHostLocal({ ipMasq: true }),
    needs: ["link veth", "program iptables"],
    breakages: [masquerade],
  },
  macvlan: {
    ...maker,
    config: withHostLocal({ master: "ncxm", mode: "bridge" }),
    needs: ["link macvlan"],
    prepareHost: master,
  },
  ipvlan: {
    ...maker,
    config: withHostLocal({ master: "ncxm", mode: "l2" }),
    needs: ["link ipvlan"],
    prepareHost: master,
  },
  vlan: {
    kind: "interface",
    delegates: true,
    allocates: true,
    config: (values) => ({ master: "ncxm", vlanId: 100 + values.index, ipam: hostLocal(values) }),
    needs: ["link vlan"],
    prepareHost: master,
  },
  dummy: { ...maker, config: withHostLocal({}), needs: ["link dummy"] },
  tap: { ...maker, config: withHostLocal({}), needs: ["device /dev/net/tun"] },
  "host-device": {
    kind: "interface",
    delegates: true,
    allocates: true,
    config: (values) => ({ device: `ncxd${values.index}`, ipam: hostLocal(values) }),
    prepareContainer: "ip link add ncxd$INDEX type veth peer name ncxe$INDEX && ip link set ncxe$INDEX up",
    needs: ["link veth"],
  },
  loopback: { kind: "chained", standsAlone: true, worksOnInterface: true, ifName: "lo", config: () => ({}) },
  portmap: {
    kind: "chained",
    config: () => ({ snat: true, capabilities: { portMappings: true } }),
    needs: ["program iptables"],
    breakages: [
      { what: "the DNAT rule", script: "ip netns exec $HOST iptables -t nat -F CNI-HOSTPORT-DNAT" },
    ],
  },
  firewall: {
    kind: "chained",
    config: () => ({ backend: "iptables" }),
    needs: ["program iptables"],
    breakages: [{ what: "the accept rule", script: "ip netns exec $HOST iptables -F CNI-FORWARD" }],
  },
  bandwidth: {
    kind: "chained",
    worksOnInterface: true,
    config: () => ({ capabilities: { bandwidth: true } }),
    needs: ["link ifb"],
    breakages: [
      { what: "the traffic shaper", script: "ip netns exec $HOST tc qdisc del dev ncx$INDEX root" },
    ],
  },
  tuning: {
    kind: "chained",
    worksOnInterface: true,
    config: ({ dataDir, ifName }) => ({
      ...{ mtu: 1400, dataDir },
      sysctl: { [`net.ipv4.conf.${ifName}.arp_filter`]: "1" },
    }),
    breakages: [
      {
        what: "the sysctl",
        script: "ip netns exec $NETNS sysctl -qw net.ipv4.conf.$IF.arp_filter=0",
        shows: "ip netns exec $NETNS sysctl -n net.ipv4.conf.$IF.arp_filter",
      },
      { what: "the MTU", script: "ip -n $NETNS link set $IF mtu 1450" },
    ],
  },
  sbr: {
    kind: "chained",
    worksOnInterface: true,
    config: () => ({}),
    breakages: [
      {
        what: "the source rule",
        script:
          "ip -n $NETNS rule del from $(ip -n $NETNS -4 rule | sed -n 's/.*from \\([0-9][0-9.]*\\) .*/\\1/p')",
      },
    ],
  },
  vrf: {
    kind: "chained",
    worksOnInterface: true,
    config: () => ({ vrfname: "ncblue" }),
    needs: ["link vrf table 100"],
    breakages: [{ what: "the VRF", script: "ip -n $NETNS link set $IF nomaster" }],
  },
  "host-local": {
    kind: "ipam",
    allocates: true,
    config: (values) => ({ ipam: hostLocal(values) }),
    exhausted: (values) => ({
      ipam: { ...hostLocal(values), ranges: [[{ subnet, gateway, ...oneAddress }]] },
    }),
  },
  static: {
    kind: "ipam",
    config: () => ({
      ipam: {
        type: "static",
        addresses: [{ address: "10.88.0.7/24", gateway }],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    }),
  },
  dhcp: {
    kind: "ipam",
    config: () => ({ ipam: { type: "dhcp" } }),
    unavailable: "it needs its daemon and a DHCP server on the wire",
  },
  "netconform-reference": {
    kind: "interface",
    allocates: true,
    leasesElsewhere: true,
    config: () => ({
      ...{ subnet, gateway, ipMasq: true },
      capabilities: { portMappings: true, mac: true, aliases: true },
    }),
    needs: ["link bridge", "link veth", "program iptables", "program python3"],
    breakages: [
      {
        what: "the translation of the port",
        script: "ip netns exec $HOST iptables -t nat -F NETCONFORM-PORTS",
      },
    ],
  },
  "debug-interface": {
    ...maker,
    config: (values) => ({ ipam: debugIpam(values) }),
    needs: ["link veth"],
  },
  "debug-chained": {
    kind: "chained",
    config: ({ dataDir }) => ({ dataDir }),
    breakages: [{ what: "the source rule", script: "ip -n $HOST rule del pref 30077" }],
  },
  "debug-ipam": {
    kind: "ipam",
    allocates: true,
    config: (values) => ({ ipam: debugIpam(values) }),
    exhausted: (values) => ({ ipam: { ...debugIpam(values), ...oneAddress } }),
  },
};
