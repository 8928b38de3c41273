import { CniNetwork, type Variants } from "#drivers/cni/network/network.ts";
import type { Rendered } from "#drivers/cni/network/rendered.ts";
import { NodeRuntimes, putBinary } from "#drivers/cni/network/runtimes.ts";
import { throughRuntime } from "#drivers/cni/runtimes/choice.ts";
import {
  type Driver,
  type DriverSettings,
  defineDriver,
  type InstalledDriver,
  usualPolicySemantics,
} from "#drivers/driver.ts";
import { AdminClient } from "#drivers/reference/admin/client.ts";
import { checkTools } from "#drivers/reference/dataplane/dataplane.ts";
import { Administered, ask } from "#drivers/reference/driver/administered.ts";
import { stateFile } from "#drivers/reference/driver/state-file.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import { ReferenceService, type ServedNode } from "#drivers/reference/service.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { scratchSocket } from "#harness/core/process/scratch.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { NetworkSpec } from "#harness/workload/network.ts";
import { executable, executableName } from "./protocol/executable.ts";

const type = executableName;

/** The project's own plugin over CNI: the networks, tenants, VLANs and policies that engines get through `reference`. */
export default defineDriver((settings) =>
  throughPodman(settings, {
    name: "reference-cni",
    title: "the project's reference plugin over CNI",
    // biome-ignore format: one line per chapter
    capabilities: [
      "cni",
      "multihost", "vxlan", "names", "hotplug", "ipv6",
      "tenants",
      "outbound", "publish", "vlan",
      "policy",
    ],
    policySemantics: { ...usualPolicySemantics, established: "cut" },
    heldGapMs: { plugin: 1_000, engine: 1_000, upgrade: 1_000 },
    // biome-ignore format: as the reference plugin's
    needs: { multihost: ["vxlan", "openvswitch"], vlan: ["openvswitch"], policy: ["openvswitch"], ipv6: ["ipv6"] },

    async install(scope, cluster, session = scope) {
      const adminSocket = scratchSocket(session, "admin");
      await Promise.all(
        cluster.nodes.map(async (node) => {
          await checkTools(node, ["iptables", "python3"]);
          await putBinary(scope, node, type, executable());
        }),
      );
      const service = new ReferenceService(cluster.nodes.map(served), {
        ...{ name: type, adminSocket, stateFile: stateFile(cluster.id, settings), frontends: ["cni"] },
      });
      scope.defer("the reference plugin", () => service.uninstall());
      session.defer("the reference plugin's sockets", () => service.stop());
      await service.start();
      await new NodeRuntimes(cluster, settings).findPlugins();
      return { adminSocket };
    },

    async connect(cluster, { adminSocket = "" }) {
      return new InstalledReferenceCni(cluster, new AdminClient(adminSocket), settings);
    },
  }),
);

/**
 * Through Podman alone. containerd gives ports by other keys (`HostPort`), which this plugin does not read, and has a configuration of its own for
 * each policy group, more than containerd has handlers.
 */
function throughPodman(settings: DriverSettings, driver: Driver): Driver {
  return settings.RUNTIME === "containerd" ? driver : throughRuntime(settings, driver);
}

/** Without its engine: names come with ADD. */
function served(node: ClusterNode): ServedNode {
  return {
    ...{ host: node, control: node.interfaces.control, data: node.interfaces.data },
    listen: (path, onConnection) => node.forwardIn(path, onConnection),
  };
}

class InstalledReferenceCni extends Administered implements InstalledDriver {
  readonly underlay = "control";
  readonly #runtimes: NodeRuntimes;
  readonly #cniVersion: string;

  constructor(cluster: Cluster, admin: AdminClient, settings: DriverSettings) {
    super(admin);
    // What Podman speaks at most.
    this.#cniVersion = settings.RUNTIME === "netconform" ? "1.1.0" : "1.0.0";
    this.#runtimes = new NodeRuntimes(cluster, settings);
  }

  /** Makes the network in the plugin, and a configuration on each node that names it. */
  async createNetwork(scope: Scope, spec: NetworkSpec = {}): Promise<CniNetwork> {
    const { name = uniqueName("net"), subnet = freshSubnet(), tenant = defaultTenant, ...rest } = spec;
    const place = { tenant, name, subnet, ...rest };
    await ask(`network ${name}`, this.admin.call("createNetwork", place));
    scope.defer(`network ${name}`, () => this.admin.call("deleteNetwork", { tenant, name }));
    const { nodes } = this.#runtimes.cluster;
    const config = configuration(place, this.#cniVersion);
    const network = new CniNetwork(this.#runtimes, {
      ...{ name: config.name, subnet, variants },
      configs: new Map(nodes.map((node) => [node, config])),
    });
    await network.install(scope);
    return network;
  }

  cniCalls(containerId: string): readonly Invocation[] {
    return this.#runtimes.callsOf(containerId);
  }

  override async versions(): Promise<Record<string, string>> {
    return { ...(await super.versions()), ...(await this.#runtimes.version()) };
  }
}

/** Names of CNI networks are one space for all tenants of a node. */
function configuration(place: NetworkSpec & { name: string; tenant: string }, cniVersion: string): Rendered {
  const { name: network, ...rest } = place;
  return {
    cniVersion,
    name: place.tenant === defaultTenant ? network : `${network}.${place.tenant}`,
    plugins: [
      {
        type,
        network,
        ...rest,
        ipMasq: true,
        capabilities: { aliases: true, ips: true, mac: true, portMappings: true },
      },
    ],
  };
}

const variants: Variants = {
  second: (config) => vary(config, { ipMasq: false }),
  member: (config, group) => vary(config, { group }),
};

function vary(config: Rendered, change: Record<string, unknown>): Rendered {
  return { ...config, plugins: config.plugins.map((plugin) => ({ ...plugin, ...change })) };
}
