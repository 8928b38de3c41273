import type Docker from "dockerode";
import { Blocked } from "#harness/core/errors.ts";
import { SshHost } from "#harness/host/ssh/ssh-host.ts";
import type { Feature } from "#suites/requirements/capability.ts";
import type { Cluster, ClusterNode, ExternalHost, NodeInterface, Role } from "./cluster.ts";
import { probeFeature } from "./features/features.ts";
import type { ClusterState, ExternalHostState, HostState } from "./state.ts";

class RemoteNode extends SshHost implements ClusterNode {
  readonly engine: string;
  readonly flags: readonly string[];
  readonly holds: string | undefined;
  readonly interfaces: Readonly<Record<Role, NodeInterface>>;

  constructor(host: HostState) {
    super(host);
    this.engine = host.engine ?? "";
    this.flags = host.flags ?? [];
    this.holds = host.holds;
    this.interfaces = host.interfaces;
  }
}

class RemoteExternalHost extends RemoteNode implements ExternalHost {
  readonly httpPort: number;
  readonly #hostName: string | undefined;

  constructor(host: HostState & ExternalHostState) {
    super(host);
    this.httpPort = host.httpPort;
    this.#hostName = host.hostName;
  }

  get hostName(): string {
    if (this.#hostName) return this.#hostName;
    throw new Blocked(
      "the inventory gives no hostName for the external host, which the nodes' resolvers know",
    );
  }
}

/** A cluster that exists, reached over SSH; connections are made on first use. */
export class RemoteCluster implements Cluster {
  readonly id: string;
  readonly engine: Cluster["engine"];
  readonly nodes: readonly (ClusterNode & SshHost)[];
  readonly image: string;
  ending = false;
  readonly #external: RemoteExternalHost | undefined;
  readonly #features = new Map<Feature, ReturnType<Cluster["offers"]>>();

  constructor(state: Pick<ClusterState, "id" | "engine" | "image" | "nodes" | "external">) {
    this.id = state.id;
    this.engine = state.engine;
    this.image = state.image;
    this.nodes = state.nodes.map((node) => new RemoteNode(node));
    this.#external = state.external && new RemoteExternalHost(state.external);
  }

  get external(): ExternalHost & { readonly docker: Docker } {
    if (this.#external) return this.#external;
    throw new Blocked("the inventory names no external host");
  }

  /** Every host of the cluster, the external host as the last one where there is one. */
  get hosts(): readonly SshHost[] {
    return [...this.nodes, ...(this.#external ? [this.#external] : [])];
  }

  offers(feature: Feature): ReturnType<Cluster["offers"]> {
    const known =
      this.#features.get(feature) ??
      probeFeature({ nodes: this.nodes, clients: this.#external ? [this.#external] : [] }, feature);
    this.#features.set(feature, known);
    return known;
  }

  async disconnect(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.disconnect()));
  }
}
