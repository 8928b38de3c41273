import type { Needs } from "#drivers/driver.ts";
import type { Role } from "#harness/cluster/cluster.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import type { NodeValues } from "./node-values.ts";

/** A set-up of CNI plugins over the nodes: what each node's configuration is, and what the nodes need besides. */
export interface CniProfile {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** Beside `cni` itself. */
  readonly capabilities: readonly Capability[];
  readonly needs?: Needs;
  /** Role of the interface that carries traffic between nodes; present when `multihost` is declared. */
  readonly underlay?: Role;
  /**
   * How the nodes' parts of a network come together, where the plugins leave that to the administrator:
   * `routes` to the other nodes' parts over the underlay, or a `vxlan` device as a port of the bridge `values.bridge`.
   * Default: nothing is done.
   */
  readonly join?: "routes" | "vxlan";
  /**
   * Whether a BIRD on each node announces the containers of announced networks to the node's routers, where the plugins leave that to the
   * administrator; needs `bgp`. The plugins make a route on the node to each container's address. Such a network is not joined.
   */
  readonly announces?: boolean;
  /** Plugins on this machine that are put on every node: paths. */
  readonly binaries?: readonly string[];
  /** The node's network configuration, as an object. */
  readonly config: (values: NodeValues) => unknown;
}
