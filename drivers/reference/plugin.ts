import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { until } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import type { Egress } from "./cni/egress.ts";
import { CniFrontend } from "./cni/frontend.ts";
import { Dataplane, type DataplaneNode } from "./dataplane/dataplane.ts";
import { Fabric, type NodeDataplane } from "./dataplane/fabric.ts";
import { addLinks, removeLinks } from "./dataplane/links.ts";
import { LinksOnly } from "./dataplane/links-only.ts";
import { faultyDump } from "./faults/churn/dump.ts";
import { FaultyEgress } from "./faults/cni.ts";
import { DataplaneFaults } from "./faults/dataplane.ts";
import { faultyPipeline } from "./faults/protocol/pipeline.ts";
import { type Draft, Model } from "./model/model.ts";
import { Store } from "./model/state/store.ts";
import { type NamesByEndpoint, NameWatch } from "./names.ts";
import { ipamHandlers } from "./protocol/ipam-driver.ts";
import { type Declaration, networkHandlers } from "./protocol/network-driver.ts";
import { type Handlers, honestPipeline, PluginServer } from "./protocol/server.ts";

/** A node that the plugin serves. */
export interface PluginNode extends Omit<DataplaneNode, "host"> {
  readonly host: Host;
  /** The node's engine, for the names of containers; without it names are not resolved across nodes. */
  readonly docker?: Docker;
}

export interface PluginOptions {
  /** Where the state is kept; without it nothing outlives the process. */
  readonly stateFile?: string;
  /** Name of the bridge on the nodes; at most 15 characters. Default `ncbr0`. */
  readonly bridge?: string;
  /** UDP port of VXLAN; default 4789. */
  readonly vxlanPort?: number;
  /** First VNI; default 10001. */
  readonly firstVni?: number;
  /** `links` makes interfaces but connects them to nothing: no Open vSwitch needed. Default `ovs`. */
  readonly dataplane?: "ovs" | "links";
  /** What the network driver declares; default: local scope, no gateway check. */
  readonly declares?: Declaration;
  /** Who it speaks to: engines (`cnm`) or runtimes (`cni`). Default `cnm`. */
  readonly frontends?: readonly Frontend[];
}

export type Frontend = "cnm" | "cni";

const watchEveryMs = 500;

/**
 * A plugin for any number of nodes in one process: a model of tenants, networks, groups and policies, a dataplane per
 * node, and two frontends over streams that arrive from each node: CNM, network and IPAM driver, for engines, and CNI for runtimes.
 */
export class ReferencePlugin {
  /** Names of the faults that are on; may change at any time. */
  readonly faults = new Set<string>();
  readonly model: Model;
  readonly #plans = new DataplaneFaults(this.faults, () => this.#syncUntilClosed());
  readonly #nodes: ReadonlyMap<string, PluginNode>;
  readonly #fabric: Fabric;
  readonly #servers = new Map<string, PluginServer>();
  readonly #cni = new Map<string, CniFrontend>();
  readonly #egresses: Egress[] = [];
  readonly #watches: NameWatch[] = [];
  /** What a fault left on the nodes. */
  readonly #left: { host: Host; device: string }[] = [];
  #watching: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(nodes: readonly PluginNode[], options: PluginOptions = {}) {
    const { bridge = "ncbr0", vxlanPort = 4789, firstVni = 10_001 } = options;
    this.#nodes = new Map(nodes.map((node) => [node.host.name, node]));
    this.model = new Model(new Store(options.stateFile), { firstVni });
    const dataplanes = nodes.map((node): [string, NodeDataplane] => {
      const peers = nodes.filter((other) => other !== node).map((other) => other.control.address);
      return [
        node.host.name,
        options.dataplane === "links"
          ? new LinksOnly(node.host)
          : new Dataplane(node, peers, { bridge, vxlanPort, dump: (host) => faultyDump(host, this.faults) }),
      ];
    });
    this.#fabric = new Fabric(new Map(dataplanes), (name) => {
      const { device } = this.#nodes.get(name)!.data;
      return this.#plans.planFor(this.model.state, name, device);
    });
    for (const node of nodes) {
      const handlers = this.#handlers(node.host.name, options.declares);
      const pipeline = faultyPipeline(honestPipeline(handlers), {
        handlers,
        model: this.model,
        faults: this.faults,
        leaveLinks: () => this.#leaveLinks(node.host),
      });
      this.#servers.set(node.host.name, new PluginServer(pipeline));
      if (options.frontends?.includes("cni")) this.#addCniFrontend(node);
    }
  }

  /** Brings every node in line with the state file, then follows the engines. Throws when a node lacks something. */
  async start(): Promise<void> {
    await this.#fabric.start();
    await Promise.all(this.#egresses.map((egress) => egress.start()));
    for (const [node, { docker }] of this.#nodes) {
      if (docker) this.#watches.push(new NameWatch(node, docker, (names) => this.#learn(names)));
    }
    await this.#follow();
    this.#watching = setInterval(() => this.#follow(), watchEveryMs);
  }

  /** Names of the nodes that it serves. */
  get nodes(): string[] {
    return [...this.#nodes.keys()];
  }

  /** The server for connections from that node. */
  server(node: string): PluginServer {
    const server = this.#servers.get(node);
    if (!server) throw new HarnessError(`the plugin does not serve ${node}`);
    return server;
  }

  /** What answers runtimes on that node. */
  cni(node: string): CniFrontend {
    const frontend = this.#cni.get(node);
    if (!frontend) throw new HarnessError(`the plugin does not serve runtimes on ${node}`);
    return frontend;
  }

  /** Stops serving; networks, endpoints and policies stay on the nodes and in the state file. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watching);
    for (const watch of this.#watches) watch.stop();
    this.model.close();
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
    await this.#fabric.idle();
  }

  /** Removes everything that the plugin made on the nodes. */
  async uninstall(): Promise<void> {
    await this.close();
    await Promise.all(this.#egresses.map((egress) => egress.stop()));
    await this.#fabric.stop();
    for (const { host, device } of this.#left.splice(0)) await removeLinks(host, [device]);
  }

  /** Changes tenants, groups or policies; resolves when every node has it. */
  async administer<T>(change: (draft: Draft) => T): Promise<T> {
    const result = this.model.change(change);
    await this.#fabric.sync();
    return result;
  }

  /** Makes the nodes what the state says now, e.g. after a fault was switched on or off. */
  sync(): Promise<void> {
    return this.#fabric.sync();
  }

  async #syncUntilClosed(): Promise<void> {
    if (!this.#closed) await this.#fabric.sync();
  }

  /** Resolves when a container's names are known; throws `DeadlineExceeded` otherwise. */
  async named(name: string): Promise<void> {
    await until({ what: `the name ${name} to be known to the plugin`, deadlineMs: 10_000 }, () =>
      Object.values(this.model.state.endpoints).some((endpoint) => endpoint.names.includes(name)),
    );
    await this.#fabric.sync();
  }

  /** Every BGP session that nodes were told to have, with the speaker's word for its state. */
  async sessions(): Promise<{ node: string; neighbor: string; as: number; state: string }[]> {
    const { speakers } = this.model.state;
    const ofNodes = Object.entries(speakers).map(async ([node, { neighbors }]) => {
      const states = await this.#fabric.sessions(node, neighbors.length);
      return neighbors.map(({ address, as }, index) => ({
        ...{ node, neighbor: address, as },
        state: states[index] ?? "",
      }));
    });
    return (await Promise.all(ofNodes)).flat();
  }

  versions(): Promise<Record<string, string>> {
    return this.#fabric.versions();
  }

  async #leaveLinks(host: Host): Promise<void> {
    const device = `ncleft${randomBytes(3).toString("hex")}`;
    this.#left.push({ host, device });
    await addLinks(host, [[`link add ${device} type veth peer name ${device}p`]]);
  }

  #addCniFrontend({ host }: PluginNode): void {
    const egress = new FaultyEgress(this.faults, host);
    this.#egresses.push(egress);
    const context = { node: host.name, host, model: this.model, fabric: this.#fabric, egress };
    this.#cni.set(host.name, new CniFrontend(context));
  }

  #handlers(node: string, declares: Declaration | undefined): Handlers {
    return {
      "Plugin.Activate": async () => ({ Implements: ["NetworkDriver", "IpamDriver"] }),
      ...networkHandlers(this.model, this.#fabric, node, declares),
      ...ipamHandlers(this.model, node),
    };
  }

  /** An engine that restarts ends its stream of events; the next look opens it again. */
  #follow(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    for (const { node, lost } of this.#watches) if (lost) this.#plans.failed(node);
    await Promise.all(
      this.#watches
        .filter((watch) => !watch.following)
        .map((watch) => watch.start().catch(() => watch.stop())),
    );
  }

  async #learn(names: NamesByEndpoint): Promise<void> {
    const { endpoints } = this.model.state;
    const changed = [...names].filter(
      ([id, list]) => endpoints[id] && endpoints[id].names.join(" ") !== list.join(" "),
    );
    if (changed.length === 0) return;
    this.model.change(({ state }) => {
      for (const [id, list] of changed) {
        const endpoint = state.endpoints[id];
        if (endpoint) endpoint.names = [...list];
      }
    });
    await this.#fabric.sync().catch(() => {});
  }
}
