import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Driver, DriverSettings, InstalledDriver } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { switchIpv6On } from "#harness/cluster/ipv6.ts";
import type { Invocation } from "#harness/cni/protocol/invocation.ts";
import { findPlugin } from "#harness/cni/runtime/binary.ts";
import { networkConfigOf } from "#harness/cni/runtime/config.ts";
import { Scope } from "#harness/core/async/scope.ts";
import { isLoss, UsageError } from "#harness/core/errors.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { NetworkSpec } from "#harness/workload/network.ts";
import { addressUnderlay, isBridged, prepareEnvironment } from "./environment.ts";
import { CniNetwork } from "./network/network.ts";
import { type Rendered, renderedSchema, withAddress, withoutDefaultRoute } from "./network/rendered.ts";
import { NodeRuntimes, putBinary } from "./network/runtimes.ts";
import { nodeValuesOf } from "./node-values.ts";
import type { CniProfile } from "./profile.ts";
import { throughRuntime } from "./runtimes/choice.ts";
import { makeChainsOnce } from "./set-up-once.ts";
import { Speakers } from "./speakers.ts";

/** Benchmarking addresses (RFC 2544): no real network uses them, so a first container disturbs none. */
const scratchSubnet = "198.18.0.0/24";
/** As `scratchSubnet` (RFC 5180). */
const scratchSubnet6 = "2001:2::/64";

const versionScript = `
package=$(dpkg-query --search "$1" 2>/dev/null) || { "$1" 2>&1 </dev/null | head -n 1; exit; }
dpkg-query --show --showformat='\${Package} \${Version}' "\${package%%:*}"`;

/** Makes a driver of plugins behind a CNI runtime; `export default cniDriver({...})` is a whole driver file. */
export function cniDriver(profile: CniProfile): (settings: DriverSettings) => Driver {
  return (settings) => throughRuntime(settings, plainDriver(profile, settings));
}

function plainDriver(profile: CniProfile, settings: DriverSettings): Driver {
  return {
    name: profile.name,
    title: profile.title,
    capabilities: ["cni", ...profile.capabilities],
    ...(profile.needs ? { needs: profile.needs } : {}),

    async install(scope, cluster) {
      await Promise.all(
        cluster.nodes.flatMap((node) =>
          (profile.binaries ?? []).map(async (file) =>
            putBinary(scope, node, basename(file), await readFile(file)),
          ),
        ),
      );
      if (await lacksFeature(cluster, profile)) return {};
      if (profile.join === "routes" && (await carriesIpv6(cluster, profile))) {
        await addressUnderlay(scope, cluster, profile.underlay ?? "control");
      }
      if (await carriesIpv6(cluster, profile)) await openHostEnds(scope, cluster, profile);
      const first = (await carriesIpv6(cluster, profile)) ? { subnet6: scratchSubnet6 } : {};
      const installed = new InstalledCni(cluster, profile, settings);
      await installed.findPlugins();
      await useOnce(scope, installed, first);
      return {};
    },

    binaries: async (cluster) => {
      const plugins = await new InstalledCni(cluster, profile, settings).plugins();
      return plugins.map(({ file }) => file);
    },

    connect: async (cluster) => new InstalledCni(cluster, profile, settings),
  };
}

/** Without what the plugins need nothing is tried, and everything will be blocked with the reason. */
async function lacksFeature(cluster: Cluster, { needs }: CniProfile): Promise<boolean> {
  const offers = await Promise.all((needs?.multihost ?? []).map((feature) => cluster.offers(feature)));
  return offers.some(({ offered }) => !offered);
}

async function carriesIpv6(cluster: Cluster, { capabilities }: CniProfile): Promise<boolean> {
  return capabilities.includes("ipv6") && (await cluster.offers("ipv6")).offered;
}

/** Without a bridge the host end of a container's interface, which a plugin makes, has addresses: it must begin with IPv6. */
async function openHostEnds(scope: Scope, cluster: Cluster, profile: CniProfile): Promise<void> {
  const [values] = nodeValuesOf(cluster, "host-ends", scratchSubnet);
  if (!values || isBridged(profile, values)) return;
  await Promise.all(cluster.nodes.map((node) => switchIpv6On(scope, node, "default")));
}

/**
 * One container with a published port on each node. Plugins that fail here are not judged here: they fail in the
 * chapters as well, where it counts and is explained. What the user got wrong is said at once.
 */
async function useOnce(scope: Scope, driver: InstalledCni, spec: NetworkSpec): Promise<void> {
  const used = new Scope("the first use of the plugins");
  const publish = driver.publishes ? [{ port: 1, hostPort: 1 }] : [];
  try {
    const network = await driver.createNetwork(used, { ...spec, subnet: scratchSubnet });
    for (const node of network.nodes) {
      await makeChainsOnce(scope, node, () =>
        network.run(used, node, { bare: driver.attachesNamespaces, publish }),
      );
    }
    await used.close();
  } catch (error) {
    await used.close().catch(() => {});
    if (error instanceof UsageError || isLoss(error)) throw error;
  }
}

class InstalledCni implements InstalledDriver {
  readonly underlay?: NonNullable<InstalledDriver["underlay"]>;
  readonly speakBgp?: NonNullable<InstalledDriver["speakBgp"]>;
  readonly listBgpSessions?: NonNullable<InstalledDriver["listBgpSessions"]>;
  readonly #speakers = new Speakers();
  readonly #cluster: Cluster;
  readonly #profile: CniProfile;
  readonly #runtimes: NodeRuntimes;

  constructor(cluster: Cluster, profile: CniProfile, settings: DriverSettings) {
    this.#cluster = cluster;
    this.#profile = profile;
    this.#runtimes = new NodeRuntimes(cluster, settings);
    if (profile.underlay) this.underlay = profile.underlay;
    if (profile.announces) {
      this.speakBgp = (scope, spec) => this.#speakers.speak(scope, spec);
      this.listBgpSessions = () => this.#speakers.sessions();
    }
  }

  get publishes(): boolean {
    return this.#profile.capabilities.includes("publish");
  }

  get attachesNamespaces(): boolean {
    return this.#runtimes.attachesNamespaces;
  }

  /** Before the first network: the runtime knows the plugins that are on the nodes then. */
  findPlugins(): Promise<void> {
    return this.#runtimes.findPlugins();
  }

  async createNetwork(scope: Scope, spec: NetworkSpec = {}): Promise<CniNetwork> {
    const name = spec.name ?? uniqueName("cni");
    const subnet = spec.subnet ?? freshSubnet();
    const nodeValues = nodeValuesOf(this.#cluster, name, subnet, spec);
    await prepareEnvironment(scope, this.#cluster, this.#profile, nodeValues);
    if (spec.announced) await this.#speakers.announce(scope, nodeValues);
    const configs = new Map<ClusterNode, Rendered>();
    for (const [index, node] of this.#cluster.nodes.entries()) {
      const values = nodeValues[index];
      if (values) configs.set(node, this.#render(this.#profile.config(values)));
    }
    const variants = {
      second: withoutDefaultRoute,
      ...(spec.announced ? { placed: withAddress } : {}),
    };
    const network = new CniNetwork(this.#runtimes, { name, subnet, configs, variants });
    await network.install(scope);
    return network;
  }

  cniCalls(containerId: string): readonly Invocation[] {
    return this.#runtimes.callsOf(containerId);
  }

  /** The package of each plugin with its version, or what the plugin says of itself when it is run without a command. */
  async versions(): Promise<Record<string, string>> {
    const said = await Promise.all(
      (await this.plugins()).map(async ({ node, type, file }) => {
        const { stdout } = await node.exec(["sh", "-c", versionScript, "sh", file]);
        return [type, stdout.trim()] as const;
      }),
    );
    return {
      ...(await this.#runtimes.version()),
      ...Object.fromEntries(said.filter(([, text]) => text !== "")),
    };
  }

  /** The executables of the configuration's plugins on the first node, those of IPAM included. */
  async plugins(): Promise<{ node: ClusterNode; type: string; file: string }[]> {
    const [node] = this.#cluster.nodes;
    const [values] = nodeValuesOf(this.#cluster, "version", scratchSubnet);
    if (!node || !values) return [];
    const { plugins } = this.#render(this.#profile.config(values));
    const types = plugins.flatMap(({ type, ipam }) => [
      type,
      ...(typeof ipam?.type === "string" ? [ipam.type] : []),
    ]);
    return Promise.all(
      types.map(async (type) => ({ node, type, file: await findPlugin(node, this.#runtimes.path, type) })),
    );
  }

  #render(config: unknown): Rendered {
    networkConfigOf(config, `the configuration of ${this.#profile.name}`);
    return renderedSchema.parse(config);
  }
}
