import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import type { Host } from "#harness/host/host.ts";
import type { Feature } from "#suites/requirements/capability.ts";

/** What a network interface of a node is for; the tutorial's eth0, eth1, eth2. */
export type Role = "management" | "control" | "data";

export interface NodeInterface {
  /** Interface name on the node, e.g. `eth1`. */
  readonly device: string;
  /** IPv4 address without prefix. */
  readonly address: string;
  readonly prefix: number;
}

/** One host of the cluster: an SSH endpoint and nothing else. */
export interface ClusterNode extends Host {
  /** What its engine calls itself, e.g. `28.5.2+dfsg2`, or the beginning of that, e.g. `26.1`. */
  readonly engine: string;
  /** Flags that its dockerd was to be started with, without their dashes, `icc=false`; those that ENGINE names. */
  readonly flags: readonly string[];
  /** What is somebody else's on its engine, for people; such an engine is not ended. Absent where nothing is known to be. */
  readonly holds?: string | undefined;
  readonly interfaces: Readonly<Record<Role, NodeInterface>>;
  /** The node's Docker API through a forwarded socket. */
  readonly docker: Docker;
  /** Makes `path` a unix socket on the node whose connections arrive in this process, e.g. the socket of a plugin. */
  forwardIn(path: string, onConnection: (stream: Duplex) => void): Promise<{ close(): Promise<void> }>;
  /** A connection to the unix socket at `path` on the node. */
  connectSocket(path: string): Promise<Duplex>;
}

/** The host beside the nodes: DNS for a test zone, a web server that tells its client's address, an external host on the wire. */
export interface ExternalHost extends Host {
  readonly interfaces: Readonly<Record<Role, NodeInterface>>;
  /**
   * A name that resolves to `interfaces.management.address`; in clusters that are made for the run it is in the test
   * zone. Throws `Blocked` where the nodes' resolvers know none.
   */
  readonly hostName: string;
  /** TCP port of the web server; `GET /` answers `<client address>\n`. */
  readonly httpPort: number;
}

/** Two or more nodes and the external host. */
export interface Cluster {
  /** Unique on this machine, e.g. `nc-3f9a1c`. */
  readonly id: string;
  /** The engines as targets are named after them, e.g. `26.1`, `26.1+28.5.2[icc=false]`. */
  readonly engine: string;
  readonly nodes: readonly ClusterNode[];
  /** Throws `Blocked` where there is none: an inventory need not name an external host. */
  readonly external: ExternalHost;
  /** Name of the workload image that every node has. */
  readonly image: string;
  /** Whether every node offers the feature, and the external host where it takes both ends; probed once, with the reason where not. */
  offers(feature: Feature): Promise<{ offered: true } | { offered: false; reason: string }>;
  /** Whether its nodes are about to be removed with all that is on them: nothing that was made there need be undone first. */
  readonly ending: boolean;
  /** Closes the connections; the nodes stay. */
  disconnect(): Promise<void>;
}
