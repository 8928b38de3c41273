import type Docker from "dockerode";
import type { Feature } from "#drivers/driver.ts";
import { SshHost } from "#harness/host/ssh-host.ts";
import { outsideHostName, outsideHttpPort } from "#harness/outside/outside.ts";
import type { Cluster, ClusterNode, NodeInterface, OutsideWorld, Role } from "./cluster.ts";
import { probeFeature } from "./features.ts";
import type { ClusterState, HostState } from "./state.ts";

class RemoteNode extends SshHost implements ClusterNode {
  readonly interfaces: Readonly<Record<Role, NodeInterface>>;

  constructor(host: HostState, privateKey: string) {
    super({ ...host, privateKey });
    this.interfaces = host.interfaces;
  }
}

class RemoteOutside extends RemoteNode implements OutsideWorld {
  readonly hostName = outsideHostName;
  readonly httpPort = outsideHttpPort;
}

/** A cluster that exists, reached over SSH; connections are made on first use. */
export class RemoteCluster implements Cluster {
  readonly id: string;
  readonly engine: Cluster["engine"];
  readonly nodes: readonly (ClusterNode & SshHost)[];
  readonly outside: OutsideWorld & { readonly docker: Docker };
  readonly image: string;
  readonly #connected: readonly SshHost[];
  readonly #features = new Map<Feature, ReturnType<Cluster["offers"]>>();

  constructor(state: ClusterState) {
    const nodes = state.nodes.map((node) => new RemoteNode(node, state.privateKey));
    const outside = new RemoteOutside(state.outside, state.privateKey);
    this.id = state.id;
    this.engine = state.engine;
    this.image = state.image;
    this.nodes = nodes;
    this.outside = outside;
    this.#connected = [...nodes, outside];
  }

  offers(feature: Feature): ReturnType<Cluster["offers"]> {
    const known = this.#features.get(feature) ?? probeFeature(this, feature);
    this.#features.set(feature, known);
    return known;
  }

  async disconnect(): Promise<void> {
    await Promise.all(this.#connected.map((host) => host.disconnect()));
  }
}
