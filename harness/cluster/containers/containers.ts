import type Docker from "dockerode";
import type { HostConfig } from "dockerode";
import { GenericContainer, PullPolicy, Wait } from "testcontainers";
import type { StartedHosts } from "#harness/cluster/bring-up.ts";
import type { NodeInterface, Role } from "#harness/cluster/cluster.ts";
import { externalHostName, externalHttpPort } from "#harness/cluster/external/external-host.ts";
import { type NodeEnvironment, nodeHostConfig, nodeLogLines } from "#harness/cluster/images/node-contract.ts";
import type { HostState } from "#harness/cluster/state.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { ownIdentity } from "#harness/core/process/process.ts";
import { passOnUnlessGiven } from "#harness/core/settings/session.ts";
import type { EngineVersion } from "#harness/core/settings/settings.ts";
import { generateKeyPair, type KeyPair } from "./keys.ts";
import { labels } from "./labels.ts";
import type { SubnetLease } from "./subnets.ts";

export interface ContainerClusterPlan {
  id: string;
  engine: EngineVersion;
  nodes: number;
  nodeImage: string;
  lease: SubnetLease;
  /** iptables of the nodes; without it that of the image. */
  firewall?: NodeEnvironment["FIREWALL"];
  /** Folder that holds the state of this cluster, to tell it from those of other users of the engine. */
  cache: string;
}

interface NodePlan {
  name: string;
  purpose: "node" | "external";
  hostNumber: number;
}

const roles: readonly Role[] = ["management", "control", "data"];
const externalNumber = 2;
const firstNodeNumber = 10;

/** The tutorial's names and, in the last octet, its addresses: node1 is .10, node2 is .11. */
function plannedHosts(nodes: number): NodePlan[] {
  const cluster = Array.from({ length: nodes }, (_, index): NodePlan => {
    return { name: `node${index + 1}`, purpose: "node", hostNumber: firstNodeNumber + index };
  });
  return [...cluster, { name: "external", purpose: "external", hostNumber: externalNumber }];
}

/** Makes the networks, then all hosts at once. What was made when something fails is found by its labels. */
export async function startContainers(docker: Docker, plan: ContainerClusterPlan): Promise<StartedHosts> {
  // On a machine that is itself a container testcontainers would start one more to learn the engine's address;
  // nodes are reached at their own.
  passOnUnlessGiven({ TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" });
  const user = generateKeyPair(plan.id);
  const networks = await Promise.all(roles.map((role) => createNetwork(docker, plan, role)));
  const hosts = await Promise.all(
    plannedHosts(plan.nodes).map((host) => startHost(docker, plan, host, networks, user)),
  );
  const external = hosts.pop();
  if (!external) throw new HarnessError("the external host did not start");
  return {
    nodes: hosts,
    external: { ...external, hostName: externalHostName, httpPort: externalHttpPort },
  };
}

async function createNetwork(docker: Docker, plan: ContainerClusterPlan, role: Role): Promise<string> {
  const prefix = plan.lease.prefixes[role];
  const name = `${plan.id}-${role}`;
  await docker.createNetwork({
    Name: name,
    Driver: "bridge",
    // Nothing in a run has business outside of it; the external host is one of our own hosts.
    Internal: true,
    IPAM: { Driver: "default", Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
    Options: { "com.docker.network.bridge.name": `${plan.id}-${role[0]}` },
    Labels: labelsOf(plan),
  });
  return name;
}

async function startHost(
  docker: Docker,
  plan: ContainerClusterPlan,
  host: NodePlan,
  [management = "", ...others]: string[],
  user: KeyPair,
): Promise<HostState> {
  const hostKey = generateKeyPair(host.name);
  const address = (role: Role) => `${plan.lease.prefixes[role]}.${host.hostNumber}`;
  const container = new NodeContainer(plan.nodeImage)
    .onNetwork(management, address("management"))
    .thenNetworks(docker, others, [address("control"), address("data")])
    .withName(`${plan.id}-${host.name}`)
    .withHostname(host.name)
    .withLabels(labelsOf(plan))
    .withEnvironment({
      ROLE: host.purpose,
      AUTHORIZED_KEY: user.public,
      SSH_HOST_KEY: hostKey.private,
      NAMESERVER: `${plan.lease.prefixes.management}.${externalNumber}`,
      ...(plan.firewall ? { FIREWALL: plan.firewall } : {}),
    } satisfies NodeEnvironment)
    .withAutoCleanup(false)
    .withPullPolicy(PullPolicy.neverPull())
    .withStartupTimeout(60_000)
    .withWaitStrategy(Wait.forLogMessage(nodeLogLines.ready));
  try {
    await container.start();
  } catch (error) {
    throw new HarnessError(`${host.name} (${plan.nodeImage}) did not start: ${(error as Error).message}`, {
      cause: error,
      hint: await lastLines(docker, `${plan.id}-${host.name}`),
    });
  }
  const on = (device: string, role: Role): NodeInterface => ({ device, address: address(role), prefix: 24 });
  return {
    name: host.name,
    address: address("management"),
    port: 22,
    user: "root",
    privateKey: user.private,
    hostKeys: [hostKey.public],
    interfaces: {
      management: on("eth0", "management"),
      control: on("eth1", "control"),
      data: on("eth2", "data"),
    },
  };
}

function labelsOf(plan: ContainerClusterPlan): Record<string, string> {
  return { [labels.cluster]: plan.id, [labels.owner]: ownIdentity(), [labels.cache]: plan.cache };
}

async function lastLines(docker: Docker, name: string): Promise<string> {
  const log = await docker
    .getContainer(name)
    .logs({ stdout: true, stderr: true, tail: 20 })
    .catch((error: Error) => Buffer.from(`no log: ${error.message}`));
  return `its last lines:\n${log.toString("utf8").replaceAll(/[^\n\x20-\x7e]/g, "")}`;
}

/** A testcontainers container with what an engine inside needs, on three networks in a fixed order. */
class NodeContainer extends GenericContainer {
  #further: () => Promise<void> = async () => {};
  #id = "";

  constructor(image: string) {
    super(image);
    Object.assign(this.hostConfig, structuredClone(nodeHostConfig) as Partial<HostConfig>);
  }

  onNetwork(name: string, address: string): this {
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [name]: { IPAMConfig: { IPv4Address: address } } },
    };
    return this.withNetworkMode(name);
  }

  /** Attached one after the other once the container runs, which is what makes them eth1 and eth2. */
  thenNetworks(docker: Docker, names: string[], addresses: string[]): this {
    this.#further = async () => {
      for (const [index, name] of names.entries()) {
        await docker.getNetwork(name).connect({
          Container: this.#id,
          EndpointConfig: { IPAMConfig: { IPv4Address: addresses[index] ?? "" } },
        });
      }
    };
    return this;
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#id = id;
  }

  protected override async containerStarting(): Promise<void> {
    await this.#further();
  }
}
