import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { ClusterStates } from "#harness/cluster/state.ts";
import { RecordingProxy } from "#harness/cnm/proxy.ts";
import { connectTap, type ProtocolTap, serveTap } from "#harness/cnm/tap.ts";
import { readSettings } from "#harness/config/settings.ts";
import { HarnessError, Nonconformance } from "#harness/errors.ts";
import type { Scope } from "#harness/scope.ts";
import { freshSubnet } from "#harness/workload/addresses.ts";
import { type CnmNetwork, createCnmNetwork, uniqueName } from "#harness/workload/cnm.ts";
import {
  defineDriver,
  type GroupSpec,
  type InstalledDriver,
  type NetworkListing,
  type NetworkSpec,
  type Policy,
} from "../driver.ts";
import { AdminClient } from "./admin/client.ts";
import { checkTools } from "./dataplane/dataplane.ts";
import { ensureGatewayBridge } from "./gateway-bridge.ts";
import { Refusal } from "./model/refusal.ts";
import { defaultTenant } from "./model/state.ts";
import { ReferenceNetwork } from "./network.ts";
import { pluginSocketPath, ReferenceService, type ServedNode } from "./service.ts";

const pluginName = "netconform";

/** The project's own plugin: multi-host, tenants, VLAN and policy over Open vSwitch, served from this process. */
export default defineDriver({
  name: "reference",
  title: "the project's reference plugin",
  // biome-ignore format: one line per chapter
  capabilities: [
    "multihost", "vxlan", "names", "hotplug", "ipv6",
    "tenants",
    "outbound", "publish", "gwbridge", "vlan",
    "policy",
    "remote",
  ],
  needs: { multihost: ["vxlan", "openvswitch"], vlan: ["openvswitch"], policy: ["openvswitch"] },

  async install(scope, cluster, session = scope) {
    const adminSocket = join(tmpdir(), `netconform-${cluster.id}.sock`);
    await Promise.all(cluster.nodes.map((node) => checkTools(node)));
    const { REPORTS } = readSettings();
    const proxy = new RecordingProxy(
      session,
      { name: pluginName, address: pluginSocketPath(pluginName), connect: unconnected },
      { transcript: join(REPORTS, "transcripts", `${cluster.id}-protocol.jsonl`) },
    );
    const nodes = cluster.nodes.map((node) => served(node, proxy));
    const service = new ReferenceService(nodes, {
      name: pluginName,
      adminSocket,
      stateFile: stateFile(cluster.id),
    });
    scope.defer("the reference plugin", () => service.uninstall());
    session.defer("the reference plugin's sockets", () => service.stop());
    await service.start();
    await Promise.all(cluster.nodes.map((node) => ensureGatewayBridge(scope, node)));
    return { adminSocket, tap: await serveTap(session, [proxy], cluster.id) };
  },

  async connect(cluster, { adminSocket = "", tap = "" }) {
    return new InstalledReference(cluster, new AdminClient(adminSocket), connectTap(tap));
  },
});

/** Where the state of a cluster's plugin is kept; those of clusters that are gone are removed. */
function stateFile(cluster: string): string {
  const settings = readSettings();
  const folder = join(settings.CACHE, "reference");
  const present = new Set([cluster, ...new ClusterStates(settings).all().map(({ id }) => id)]);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (!present.has(name.replace(/\.json(\.part)?$/, ""))) rmSync(join(folder, name));
  }
  return join(folder, `${cluster}.json`);
}

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

class InstalledReference implements InstalledDriver {
  readonly carrier = "control";
  readonly protocol: ProtocolTap;
  readonly #cluster: Cluster;
  readonly #admin: AdminClient;
  /** Networks that were made, by tenant and name; a group draws on one of them. */
  readonly #networks = new Map<string, CompleteSpec>();

  constructor(cluster: Cluster, admin: AdminClient, protocol: ProtocolTap) {
    this.protocol = protocol;
    this.#cluster = cluster;
    this.#admin = admin;
  }

  async createNetwork(scope: Scope, spec: NetworkSpec = {}): Promise<ReferenceNetwork> {
    const complete = { ...spec, name: spec.name ?? uniqueName("net"), subnet: spec.subnet ?? freshSubnet() };
    const { tenant = defaultTenant, name } = complete;
    const made = await this.#createOnEngines(scope, complete);
    this.#networks.set(`${tenant}/${name}`, complete);
    return new ReferenceNetwork(
      made,
      { tenant, network: name },
      { cluster: this.#cluster, admin: this.#admin, groupNetwork: (group) => dockerName(group, tenant) },
    );
  }

  async createTenant(scope: Scope, name: string): Promise<void> {
    await ask(`tenant ${name}`, this.#admin.call("createTenant", { name }));
    scope.defer(`tenant ${name}`, () => this.#admin.call("deleteTenant", { name }));
  }

  listTenants(): Promise<string[]> {
    return this.#admin.call("listTenants", {});
  }

  listNetworks(tenant?: string): Promise<NetworkListing[]> {
    return this.#admin.call("listNetworks", { tenant });
  }

  async createPolicy(scope: Scope, name: string, tenant = defaultTenant): Promise<Policy> {
    await ask(`policy ${name}`, this.#admin.call("createPolicy", { tenant, name }));
    scope.defer(`policy ${name}`, () => this.#admin.call("deletePolicy", { tenant, name }));
    const place = { tenant, policy: name };
    return {
      name,
      addRule: (rule) =>
        ask(`policy ${name}, rule ${rule.id}`, this.#admin.call("addRule", { ...place, rule })),
      removeRule: (id) => ask(`policy ${name}, rule ${id}`, this.#admin.call("removeRule", { ...place, id })),
      rules: () => this.#admin.call("listRules", place),
    };
  }

  async listPolicies(tenant?: string): Promise<string[]> {
    return (await this.#admin.call("listPolicies", { tenant })).map((policy) => policy.name);
  }

  /** A group is a Docker network of its own that draws on the pool of its network. */
  async createGroup(
    scope: Scope,
    { name, network, policies, tenant = defaultTenant }: GroupSpec,
  ): Promise<void> {
    const given = { tenant, name, network, policies: [...policies] };
    await ask(`group ${name}`, this.#admin.call("createGroup", given));
    scope.defer(`group ${name}`, () => this.#admin.call("deleteGroup", { tenant, name }));
    const base = this.#networks.get(`${tenant}/${network}`);
    if (!base)
      throw new HarnessError(`network ${network} of tenant ${tenant} was not made through this driver`);
    await this.#createOnEngines(scope, base, name);
  }

  listGroups(tenant?: string): Promise<GroupSpec[]> {
    return this.#admin.call("listGroups", { tenant });
  }

  restart(): Promise<void> {
    return this.#admin.call("restart", {});
  }

  async stop(scope: Scope): Promise<void> {
    scope.defer("the plugin's pause", () => this.#admin.call("resume", {}));
    await this.#admin.call("halt", {});
  }

  versions(): Promise<Record<string, string>> {
    return this.#admin.call("versions", {});
  }

  #createOnEngines(scope: Scope, spec: CompleteSpec, group?: string): Promise<CnmNetwork> {
    const { name, subnet, gateway, subnet6, encap, tag, tenant = defaultTenant } = spec;
    return createCnmNetwork(scope, this.#cluster, {
      name: dockerName(group ?? name, tenant),
      driver: pluginName,
      ipamDriver: pluginName,
      ipamOptions: { tenant },
      subnet,
      ...(gateway ? { gateway } : {}),
      ...(subnet6 ? { subnet6 } : {}),
      options: {
        tenant,
        network: name,
        ...(group === undefined ? {} : { group }),
        ...(encap === undefined ? {} : { encap }),
        ...(tag === undefined ? {} : { tag: String(tag) }),
      },
      createOn: this.#cluster.nodes,
    });
  }
}

/** What the plugin refuses is the plugin's failure. */
async function ask<T>(who: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Nonconformance({ who, expected: "success", got: error.message });
  }
}

/** Docker's network names are one space for all tenants of an engine. */
function dockerName(name: string, tenant: string): string {
  return tenant === defaultTenant ? name : `${name}/${tenant}`;
}
