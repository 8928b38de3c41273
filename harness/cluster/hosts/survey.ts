import type { NetworkInspectInfo } from "dockerode";
import type { NodeInterface, Role } from "#harness/cluster/cluster.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { SshHost } from "#harness/host/ssh/ssh-host.ts";
import type { features } from "#suites/requirements/capability.ts";
import { findInterfaces } from "./interfaces.ts";
import type { InventoryHost } from "./inventory.ts";
import { destinationOf } from "./undo/addressing.ts";
import { type HostMarker, markerPath, parseMarker } from "./undo/marker.ts";

/** What the harness itself runs on a node, and what for. */
export const neededTools = {
  ip: "interfaces and namespaces (iproute2)",
  bridge: "forwarding tables (iproute2)",
  nsenter: "the inside of containers (util-linux)",
  flock: "keeping other runs away (util-linux)",
  python3: "probes in containers",
  tcpdump: "captures",
  awk: "reading what exists",
  timeout: "the end of programs that hang (coreutils)",
} as const;

/** What some requirements or drivers need; without it those are blocked. */
export const wantedTools = {
  ethtool: "checksum offloading of VLAN ports",
  iptables: "firewall and NAT rules",
  nft: "firewall and NAT rules",
  bird: "routers that speak BGP, and drivers that announce by BIRD",
  "ovs-vsctl": "drivers and external host on Open vSwitch",
} as const;

const modules: Partial<Record<keyof typeof features, readonly [module: string, config: string]>> = {
  vxlan: ["vxlan", "CONFIG_VXLAN"],
  vlan8021q: ["8021q", "CONFIG_VLAN_8021Q"],
  macvlan: ["macvlan", "CONFIG_MACVLAN"],
  openvswitch: ["openvswitch", "CONFIG_OPENVSWITCH"],
  ipvs: ["ip_vs", "CONFIG_IP_VS"],
};
export const kernelFeatures = Object.keys(modules) as (keyof typeof features)[];

/** What is on a host's engine that neither the engine nor this project made. */
export interface EngineResources {
  containers: string[];
  networks: string[];
  swarm: boolean;
}

/** What a host is and has, found out without changing anything on it. */
export interface HostSurvey {
  readonly name: string;
  /** Why nothing could be found out; then everything else is empty. */
  readonly unreachable?: string;
  readonly hostName: string;
  readonly system: string;
  readonly kernel: string;
  /** Whether commands run as root. */
  readonly root: boolean;
  readonly tools: readonly string[];
  /** Kernel features that are there or can be loaded; `undefined` where the kernel does not tell. */
  readonly kernelHas: Readonly<Record<string, boolean | undefined>>;
  /** Destinations of IPv4 routes, as CIDRs. */
  readonly routes: readonly string[];
  /** Engine version; `undefined` with the reason in `engineError` where none answers. */
  readonly engine?: string | undefined;
  readonly engineError?: string | undefined;
  readonly held: EngineResources;
  readonly interfaces?: Readonly<Record<Role, NodeInterface>> | undefined;
  readonly interfacesError?: string | undefined;
  /** Left by a run that uses the host, keeps it, or was killed. */
  readonly marker?: HostMarker | undefined;
}

const script = `
fact() { printf '%s\\t%s\\n' "$1" "$2"; }
fact uid "$(id -u)"
fact hostname "$(uname -n)"
fact kernel "$(uname -rm)"
fact system "$(. /etc/os-release 2>/dev/null; echo "$PRETTY_NAME")"
for tool in ${Object.keys({ ...neededTools, ...wantedTools }).join(" ")}; do
  PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$tool" >/dev/null && fact tool "$tool"
done
config=$( (zcat /proc/config.gz || cat "/boot/config-$(uname -r)") 2>/dev/null)
kernel() {
  if [ -d "/sys/module/$2" ] || modprobe --dry-run --quiet "$2" 2>/dev/null; then fact kernel-has "$1"
  elif printf '%s' "$config" | grep -q "^$3=[ym]"; then fact kernel-has "$1"
  elif [ -n "$config" ] || [ -d "/lib/modules/$(uname -r)" ]; then fact kernel-lacks "$1"; fi
}
${Object.entries(modules)
  .map(([feature, [module, config]]) => `kernel ${feature} ${module} ${config}`)
  .join("\n")}
ip -4 route show table all 2>/dev/null | grep -v '^\\(local\\|broadcast\\|unreachable\\|default\\)' | while read -r to rest; do fact route "$to"; done
fact marker "$(tr -d '\\n' <${markerPath} 2>/dev/null)"
`;

/** Looks at a host. Never throws for what the host lacks, only `UsageError` where the inventory is wrong. */
export async function surveyHost(host: SshHost, target: InventoryHost, isNode = true): Promise<HostSurvey> {
  let output: string;
  try {
    const result = await host.exec(["sh", "-c", script]);
    if (result.code !== 0 && result.stdout === "") {
      const why = result.stderr.trim() || `exit ${result.code}`;
      return nothingOf(
        target.name,
        target.sudo ? `${target.user} needs sudo without a password: ${why}` : why,
      );
    }
    output = result.stdout;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return nothingOf(target.name, (error as Error).message);
  }
  const facts = parseFacts(output);
  const engine = isNode
    ? await host.docker.version().then(
        ({ Version }) => ({ engine: Version }),
        (error: Error) => ({ engineError: error.message }),
      )
    : {};
  const interfaces = await findInterfaces(host, target).then(
    (found) => ({ interfaces: found }),
    (error: Error) => ({ interfacesError: error.message }),
  );
  return {
    name: target.name,
    ...facts,
    routes: routesOfOthers(facts),
    ...engine,
    ...interfaces,
    held: "engine" in engine ? await heldResourcesOf(host, facts.marker) : nothingHeld,
  };
}

/** What a run added that left its marker will be undone before anything is made. */
function routesOfOthers({ routes, marker }: Pick<HostSurvey, "routes" | "marker">): readonly string[] {
  if (!marker) return routes;
  const before = marker.before.addressing.routes.map(destinationOf);
  return routes.filter((route) => before.includes(route));
}

const nothingHeld: EngineResources = { containers: [], networks: [], swarm: false };

function nothingOf(name: string, unreachable: string): HostSurvey {
  return {
    name,
    unreachable,
    hostName: "",
    system: "",
    kernel: "",
    root: false,
    tools: [],
    kernelHas: {},
    routes: [],
    held: nothingHeld,
  };
}

/** Reads the output of the survey's script. */
export function parseFacts(
  output: string,
): Pick<HostSurvey, "hostName" | "system" | "kernel" | "root" | "tools" | "kernelHas" | "routes" | "marker"> {
  const all = new Map<string, string[]>();
  for (const line of output.split("\n")) {
    const [key = "", value = ""] = line.split("\t");
    if (value !== "") all.set(key, [...(all.get(key) ?? []), value]);
  }
  const list = (key: string) => all.get(key) ?? [];
  const one = (key: string) => list(key)[0] ?? "";
  return {
    hostName: one("hostname"),
    system: one("system"),
    kernel: one("kernel"),
    root: one("uid") === "0",
    tools: list("tool"),
    kernelHas: Object.fromEntries([
      ...list("kernel-has").map((feature) => [feature, true]),
      ...list("kernel-lacks").map((feature) => [feature, false]),
    ]),
    routes: list("route").map((to) => (to.includes("/") ? to : `${to}/32`)),
    marker: parseMarker(one("marker")),
  };
}

const enginesOwn = ["bridge", "host", "none", "docker_gwbridge", "ingress"];

/** Everything that carries this project's label, or that a run left which says so, is not somebody else's. */
async function heldResourcesOf(host: SshHost, marker: HostMarker | undefined): Promise<EngineResources> {
  const [containers, networks, info] = await Promise.all([
    host.docker.listContainers({ all: true }),
    host.docker.listNetworks() as Promise<NetworkInspectInfo[]>,
    host.docker.info() as Promise<{ Swarm?: { LocalNodeState?: string } }>,
  ]);
  const ours = (labels: Record<string, string> | undefined | null) => labels?.netconform !== undefined;
  const swarm = !["inactive", "", undefined].includes(info.Swarm?.LocalNodeState);
  return {
    containers: containers
      .filter(({ Labels }) => !ours(Labels))
      .map(({ Names, Id }) => Names[0]?.replace(/^\//, "") ?? Id),
    networks: networks
      .filter(({ Name, Labels }) => !enginesOwn.includes(Name) && !ours(Labels))
      .map(({ Name }) => Name),
    swarm: swarm && !(marker && !marker.before.swarm),
  };
}
