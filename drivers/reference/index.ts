import { join } from "node:path";
import { duplexPair } from "node:stream";
import { defineDriver, type GroupSpec, type InstalledDriver, usualPolicySemantics } from "#drivers/driver.ts";
import { ensureGatewayBridge } from "#drivers/kit/gateway-bridge.ts";
import { restartForFirewall } from "#drivers/kit/restore-firewall.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { RecordingProxy } from "#harness/cnm/recorder/proxy.ts";
import { connectRecorder, type ProtocolRecorder, serveRecorder } from "#harness/cnm/recorder/recorder.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { scratchSocket } from "#harness/core/process/scratch.ts";
import { type CnmNetwork, createCnmNetwork, uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { NetworkSpec } from "#harness/workload/network.ts";
import { AdminClient } from "./admin/client.ts";
import { checkTools } from "./dataplane/dataplane.ts";
import { Administered } from "./driver/administered.ts";
import { ReferenceNetwork } from "./driver/network.ts";
import { stateFile } from "./driver/state-file.ts";
import { dockerName, dockerNetwork } from "./engine-networks.ts";
import { defaultTenant } from "./model/state/state.ts";
import { pluginSocketPath, ReferenceService, type ServedNode } from "./service.ts";

const pluginName = "netconform";

/** The project's own plugin: multi-host, tenants, VLAN and policy over Open vSwitch, served from this process. */
export default defineDriver((settings) => ({
  name: "reference",
  title: "the project's reference plugin",
  // biome-ignore format: one line per chapter
  capabilities: [
      "multihost", "vxlan", "names", "hotplug", "isolation", "ipv6",
      "tenants",
      "outbound", "publish", "sctp", "gwbridge", "vlan",
      "policy",
      "bgp",
      "remote", "lostNodes",
    ],
  policySemantics: { ...usualPolicySemantics, established: "cut" },
  heldGapMs: { plugin: 1_000, engine: 1_000, upgrade: 1_000 },
  needs: {
    multihost: ["vxlan", "openvswitch"],
    vlan: ["openvswitch"],
    policy: ["openvswitch"],
    sctp: ["sctp"],
    ipv6: ["ipv6"],
    bgp: ["bird"],
  },

  async install(scope, cluster, session = scope) {
    const adminSocket = scratchSocket(session, "admin");
    await Promise.all(cluster.nodes.map((node) => checkTools(node)));
    const proxy = new RecordingProxy(
      session,
      { name: pluginName, address: pluginSocketPath(pluginName), connect: unconnected },
      { transcript: join(settings.REPORTS, "transcripts", `${cluster.id}-protocol.jsonl`) },
    );
    const nodes = cluster.nodes.map((node) => served(node, proxy));
    const service = new ReferenceService(nodes, {
      name: pluginName,
      adminSocket,
      stateFile: stateFile(cluster.id, settings),
    });
    scope.defer("the reference plugin", () => service.uninstall());
    session.defer("the reference plugin's sockets", () => service.stop());
    await service.start();
    const { offered: ipv6 } = await cluster.offers("ipv6");
    await Promise.all(cluster.nodes.map((node) => ensureGatewayBridge(scope, node, { ipv6 })));
    return { adminSocket, recorder: await serveRecorder(session, [proxy]) };
  },

  async connect(cluster, { adminSocket = "", recorder = "" }) {
    return new InstalledReference(cluster, new AdminClient(adminSocket), connectRecorder(recorder));
  },
}));

/** What the engine says to the plugin goes through `proxy`. */
function served(node: ClusterNode, proxy: RecordingProxy): ServedNode {
  return {
    host: node,
    docker: node.docker,
    control: node.interfaces.control,
    data: node.interfaces.data,
    listen: (path, onConnection) =>
      node.forwardIn(path, (stream) =>
        proxy.handle(stream, node.name, async () => {
          const [ours, theirs] = duplexPair();
          onConnection(theirs);
          return ours;
        }),
      ),
  };
}

/** Each node's connections reach the plugin by a way of their own. */
function unconnected(): Promise<never> {
  throw new HarnessError("the plugin is connected for each node by itself");
}

type CompleteSpec = NetworkSpec & { name: string; subnet: string };

class InstalledReference extends Administered implements InstalledDriver {
  readonly underlay = "control";
  readonly protocol: ProtocolRecorder;
  /** Egress and published ports are docker_gwbridge's. */
  readonly restoreFirewall = restartForFirewall;
  readonly #cluster: Cluster;
  /** Networks that were made, by tenant and name; a group draws on one of them. */
  readonly #networks = new Map<string, CompleteSpec>();

  constructor(cluster: Cluster, admin: AdminClient, protocol: ProtocolRecorder) {
    super(admin);
    this.protocol = protocol;
    this.#cluster = cluster;
  }

  /** Its engine says itself what it has when it is back. */
  async giveUpNode(_scope: Scope, { name: node }: ClusterNode): Promise<void> {
    await this.admin.call("forgetNode", { node });
    await this.protocol.giveUp(node);
  }

  async createNetwork(scope: Scope, spec: NetworkSpec = {}): Promise<ReferenceNetwork> {
    const complete = { ...spec, name: spec.name ?? uniqueName("net"), subnet: spec.subnet ?? freshSubnet() };
    const { tenant = defaultTenant, name } = complete;
    const made = await this.#createOnEngines(scope, complete);
    this.#networks.set(`${tenant}/${name}`, complete);
    return new ReferenceNetwork(
      made,
      { tenant, network: name, routed: complete.announced ?? false },
      { cluster: this.#cluster, admin: this.admin, groupNetwork: (group) => dockerName(group, tenant) },
    );
  }

  /** A group is a Docker network of its own that draws on the pool of its network. */
  override async createGroup(scope: Scope, spec: GroupSpec): Promise<void> {
    await super.createGroup(scope, spec);
    const { name, network, tenant = defaultTenant } = spec;
    const base = this.#networks.get(`${tenant}/${network}`);
    if (!base)
      throw new HarnessError(`network ${network} of tenant ${tenant} was not made through this driver`);
    await this.#createOnEngines(scope, base, name);
  }

  #createOnEngines(scope: Scope, spec: CompleteSpec, group?: string): Promise<CnmNetwork> {
    const { name, subnet, gateway, subnet6, announced, tag, tenant = defaultTenant } = spec;
    const encap = announced ? "routed" : spec.encap;
    const asked = {
      ...{ tenant, network: name },
      ...(group === undefined ? {} : { group }),
      ...(encap === undefined ? {} : { encap }),
      ...(tag === undefined ? {} : { tag }),
    };
    return createCnmNetwork(scope, this.#cluster, {
      ...dockerNetwork(pluginName, asked),
      subnet,
      ...(gateway ? { gateway } : {}),
      ...(subnet6 ? { subnet6 } : {}),
      createOn: this.#cluster.nodes,
    });
  }
}
