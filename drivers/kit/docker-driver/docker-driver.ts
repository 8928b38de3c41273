import type { Driver, HeldGaps, InstalledDriver, Needs, PolicySemantics } from "#drivers/driver.ts";
import { apiVersion } from "#drivers/kit/api-version.ts";
import { type RecordedPlugin, recordPlugin } from "#drivers/kit/recorder/record-plugin.ts";
import type { Cluster, ClusterNode, Role } from "#harness/cluster/cluster.ts";
import type { DriverAttachment } from "#harness/cluster/state.ts";
import { connectRecorder } from "#harness/cnm/recorder/recorder.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, UsageError } from "#harness/core/errors.ts";
import { type CnmNetworkSpec, createCnmNetwork, uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { NetworkSpec } from "#harness/workload/network.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import { type OnAttached, onAttached } from "./attached.ts";
import { missingMethods } from "./capability-methods.ts";
import { controlDaemons, type DaemonsOn, programsOf, startDaemons } from "./daemons.ts";
import { showLogs } from "./logs.ts";

/** A driver for a CNM plugin, whose networks engines make: `docker network create --driver=NAME`. */
export interface DockerDriverSpec {
  /** As `Driver.apiVersion`; default: that of the kit that makes the driver. */
  readonly apiVersion?: number;
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly capabilities: readonly Capability[];
  readonly needs?: Needs;
  /** What its rules mean, as `Driver` has it. */
  readonly policySemantics?: PolicySemantics;
  /** As `Driver.heldGapMs`. */
  readonly heldGapMs?: HeldGaps;
  /** Interface that carries traffic between nodes, or a function that finds it out; with `multihost`. */
  readonly underlay?: Role | ((cluster: Cluster) => Promise<Role>);
  /** What engines know the plugin by. */
  readonly driver: string;
  /** IPAM driver; default: the engine's own. */
  readonly ipam?: string | { readonly driver: string; readonly options?: Readonly<Record<string, string>> };
  /**
   * Options of the plugin (`docker network create --opt`) for a network, e.g. of its `tag`, `encap` or `announced`: the same on every node, or a
   * function of what is wanted. Name, subnet, gateway and IPv6 subnet reach the engine without them.
   */
  readonly options?: Readonly<Record<string, string>> | ((spec: NetworkSpec) => Record<string, string>);
  /** Engines on which networks are created: all, or the first one where their scope is global. Default: `all`. */
  readonly createOn?: "all" | "first";
  /**
   * Whatever else a network needs of `CnmNetworkSpec`; what it says comes before all other. May throw `Blocked`. What it makes
   * on the nodes goes with `scope`, after the network.
   */
  readonly network?: (
    spec: NetworkSpec,
    cluster: Cluster,
    scope: Scope,
  ) => Partial<CnmNetworkSpec> | Promise<Partial<CnmNetworkSpec>>;
  /** As `Driver.prepare`. */
  readonly prepare?: (engine: string) => Promise<void>;
  /**
   * Puts the plugin onto the nodes and starts it; undone when `scope` closes. Left out where the engines bring it. As `Driver.install`
   * otherwise: what it resolves to reaches `connect` beside what this makes.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is what most write
  readonly start?: (scope: Scope, cluster: Cluster, session: Scope) => Promise<DriverAttachment | void>;
  /** The plugin's programs on each node, by which `start`, `stop` and `restart` are made; those that run after `start`. */
  readonly daemons?: DaemonsOn;
  /** Where the plugin listens, so that what engines say to it is recorded; with `remote`. */
  readonly record?: RecordedPlugin;
  /** Ends the plugin's process on all nodes without warning, and starts it again when `scope` closes. */
  readonly stop?: (scope: Scope, cluster: Cluster) => Promise<void>;
  /** Ends the plugin's process on all nodes without warning, and starts it again. */
  readonly restart?: (cluster: Cluster) => Promise<void>;
  /**
   * What the plugin needs done on a node, or in a network namespace, once a workload has an interface on one of its networks: a container
   * that runs, one that was started again, a task of a service, a container that joined one more network. Chapters wait for it; what it throws
   * fails what was to run, `Nonconformance` as the plugin's failure.
   */
  readonly onAttached?: OnAttached;
  /** Logs on the nodes, absolute paths, that are evidence of every failure; those of `daemon` are it already. */
  readonly logs?: readonly string[];
  /** The plugin's executables on the nodes, absolute paths; default: the programs of `daemons` that are given by such a path. */
  readonly binaries?: readonly string[];
  /** As `InstalledDriver.versions`. */
  readonly versions?: (cluster: Cluster) => Promise<Record<string, string>>;
  /** Everything else that `connect` resolves to: listings, tenants, policies, a recorder. */
  readonly connect?: (
    cluster: Cluster,
    attachment: DriverAttachment,
  ) => Partial<InstalledDriver> | Promise<Partial<InstalledDriver>>;
}

/**
 * Makes a driver for a CNM plugin. Throws `UsageError` when a declared capability is without its methods, where that can be seen
 * without a cluster.
 */
export function dockerDriver(spec: DockerDriverSpec): Driver & Required<Pick<Driver, "install">> {
  refuseWithoutMethods(spec);
  const { name, title, capabilities, needs, policySemantics, heldGapMs, prepare } = spec;
  return {
    ...{ apiVersion: spec.apiVersion ?? apiVersion, name, title, capabilities },
    ...(needs ? { needs } : {}),
    ...(policySemantics ? { policySemantics } : {}),
    ...(heldGapMs ? { heldGapMs } : {}),
    ...(prepare ? { prepare } : {}),
    binaries: async (cluster) => spec.binaries ?? programsOf(cluster, spec.daemons),
    async install(scope, cluster, session = scope) {
      await Promise.all(cluster.nodes.map((node) => showLogs(scope, node, name, spec.logs ?? [])));
      const started = await spec.start?.(scope, cluster, session);
      if (spec.daemons) await startDaemons(scope, cluster, spec.daemons);
      const recorded = spec.record && (await recordPlugin(session, cluster, spec.record));
      return { ...started, ...recorded };
    },
    async connect(cluster, attachment) {
      const { underlay, stop, restart, versions } = spec;
      if (spec.onAttached) onAttached(spec.driver, spec.onAttached);
      const daemons = spec.daemons && controlDaemons(cluster, spec.daemons);
      return {
        ...(daemons ? { stop: daemons.stop, restart: daemons.restart } : {}),
        ...(underlay ? { underlay: typeof underlay === "string" ? underlay : await underlay(cluster) } : {}),
        async createNetwork(scope, wanted = {}) {
          const asked = await networkOf(spec, wanted, cluster, scope);
          try {
            return await createCnmNetwork(scope, cluster, asked);
          } catch (error) {
            throw daemons ? await daemons.explain(error) : error;
          }
        },
        ...(spec.record ? { protocol: connectRecorder(attachment.recorder ?? "") } : {}),
        ...(stop ? { stop: (scope: Scope) => stop(scope, cluster) } : {}),
        ...(restart ? { restart: () => restart(cluster) } : {}),
        ...(versions ? { versions: () => versions(cluster) } : {}),
        ...(await spec.connect?.(cluster, attachment)),
      };
    },
  };
}

/** How the engines are asked for a network. */
export async function networkOf(
  { name, driver, ipam, options, createOn, network }: Omit<DockerDriverSpec, "capabilities" | "title">,
  wanted: NetworkSpec,
  cluster: Cluster,
  scope: Scope,
): Promise<CnmNetworkSpec> {
  const { driver: ipamDriver, options: ipamOptions } = typeof ipam === "object" ? ipam : { driver: ipam };
  return {
    name: wanted.name ?? uniqueName(name),
    driver,
    subnet: wanted.subnet ?? freshSubnet(),
    ...(wanted.gateway ? { gateway: wanted.gateway } : {}),
    ...(wanted.subnet6 ? { subnet6: wanted.subnet6 } : {}),
    ...(wanted.internal ? { internal: true } : {}),
    ...(ipamDriver ? { ipamDriver } : {}),
    ...(ipamOptions ? { ipamOptions: { ...ipamOptions } } : {}),
    ...(options ? { options: typeof options === "function" ? options(wanted) : { ...options } } : {}),
    createOn: createOn === "first" ? [firstNode(cluster)] : cluster.nodes,
    ...(await network?.(wanted, cluster, scope)),
  };
}

/** The first node of a cluster, on which whatever is there once runs. */
export function firstNode({ nodes }: Pick<Cluster, "nodes">): ClusterNode {
  const [first] = nodes;
  if (!first) throw new HarnessError("expected a cluster of one node or more, got none");
  return first;
}

/** With a `connect` of its own, methods may come from that: `loadDriver` looks there. */
function refuseWithoutMethods(spec: DockerDriverSpec): void {
  if (spec.connect) return;
  const has: Partial<Record<keyof InstalledDriver, unknown>> = {
    underlay: spec.underlay,
    protocol: spec.record,
  };
  const missing = missingMethods(spec.capabilities, (method) => has[method] !== undefined);
  if (missing.length === 0) return;
  throw new UsageError(`dockerDriver ${spec.name} declares what it lacks\n  ${missing.join("\n  ")}`, {
    hint: "give it underlay or record, or a connect that resolves to the methods",
  });
}
