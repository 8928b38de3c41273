import type Docker from "dockerode";
import { getContainerRuntimeClient } from "testcontainers";
import type { StartedHosts } from "#harness/cluster/bring-up.ts";
import type { NodeInterface, Role } from "#harness/cluster/cluster.ts";
import { externalHostName, externalHttpPort } from "#harness/cluster/external/external-host.ts";
import type { SshWay } from "#harness/cluster/host-engine/ssh-engine.ts";
import type { NodeEnvironment } from "#harness/cluster/images/node-contract.ts";
import type { HostState } from "#harness/cluster/state.ts";
import { allEnded } from "#harness/core/async/all-ended.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { passOn, passOnUnlessGiven } from "#harness/core/settings/session.ts";
import { generateKeyPair, type KeyPair } from "./keys.ts";
import { labelsOf } from "./labels.ts";
import { closeBridge } from "./route/closed.ts";
import { hasRoute } from "./route/direct.ts";
import { startGate } from "./route/gate.ts";
import { type ClusterMark, NodeContainer } from "./route/node-container.ts";
import type { SubnetLease } from "./subnets.ts";

export interface ContainerClusterPlan extends Omit<ClusterMark, "nodeImage"> {
  /** Address of the host engine, as `DOCKER_HOST` has it. */
  dockerHost: string;
  /** The way to it, where that is `ssh://…`. */
  ssh?: SshWay;
  /** Whether the host engine is a private one, which leaves the firewall of this machine alone. */
  private: boolean;
  /** Of node1, node2, … */
  nodes: readonly NodePlan[];
  lease: SubnetLease;
  /** iptables of the nodes; without it that of the image. */
  firewall?: NodeEnvironment["FIREWALL"];
}

/** What a node is made of. */
export interface NodePlan {
  readonly image: string;
  /** Flags for dockerd, without their dashes. */
  readonly flags: readonly string[];
  /** What its container is given beside what every one has. */
  readonly capabilities?: readonly string[];
}

interface HostPlan extends NodePlan {
  name: string;
  purpose: "node" | "external";
  hostNumber: number;
}

const roles: readonly Role[] = ["management", "control", "data"];
const externalNumber = 2;
const firstNodeNumber = 10;

/** The tutorial's names and, in the last octet, its addresses: node1 is .10, node2 is .11. */
function plannedHosts(nodes: readonly NodePlan[]): HostPlan[] {
  const cluster = nodes.map((node, index): HostPlan => {
    return { ...node, name: `node${index + 1}`, purpose: "node", hostNumber: firstNodeNumber + index };
  });
  const external = {
    image: imageBeside(nodes),
    flags: [],
    capabilities: [],
    hostNumber: externalNumber,
  } as const;
  return [...cluster, { ...external, name: "external", purpose: "external" }];
}

/** What hosts without an engine are made of. */
function imageBeside([first]: readonly NodePlan[]): string {
  if (!first) throw new HarnessError("a cluster was asked for without nodes");
  return first.image;
}

/**
 * Makes the networks, then all hosts at once, and a gate to them where this machine has no route. What was made when something
 * fails is found by its labels.
 */
export async function startContainers(docker: Docker, plan: ContainerClusterPlan): Promise<StartedHosts> {
  // On a machine that is itself a container testcontainers would start one more to learn the engine's address;
  // nodes are reached at their own.
  passOnUnlessGiven({ TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" });
  if (plan.ssh) await openClient(plan.ssh, plan.dockerHost);
  const user = generateKeyPair(plan.id);
  const networks = await Promise.all(roles.map((role) => createNetwork(docker, plan, role)));
  // A host that is made after those beside one that failed were removed would stay.
  const hosts = await allEnded(
    plannedHosts(plan.nodes).map((host) => startHost(docker, plan, host, networks, user)),
  );
  const external = hosts.pop();
  if (!external) throw new HarnessError("the external host did not start");
  const jump = (await hasRoute(plan.id, external))
    ? {}
    : { jump: await startGate(docker, { ...plan, nodeImage: imageBeside(plan.nodes) }, user) };
  return {
    nodes: hosts.map((host) => ({ ...host, ...jump })),
    external: { ...external, ...jump, hostName: externalHostName, httpPort: externalHttpPort },
  };
}

/** Testcontainers looks for the engine once, in the environment, and does not know servers when it speaks SSH. */
async function openClient({ socket }: SshWay, dockerHost: string): Promise<void> {
  passOn({ DOCKER_HOST: `unix://${socket}` });
  try {
    await getContainerRuntimeClient();
  } finally {
    passOn({ DOCKER_HOST: dockerHost });
  }
}

async function createNetwork(docker: Docker, plan: ContainerClusterPlan, role: Role): Promise<string> {
  const prefix = plan.lease.prefixes[role];
  const name = `${plan.id}-${role}`;
  const bridge = `${plan.id}-${role[0]}`;
  await docker.createNetwork({
    Name: name,
    Driver: "bridge",
    // Nothing in a run has business outside of it; the external host is one of our own hosts.
    Internal: true,
    IPAM: { Driver: "default", Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
    Options: { "com.docker.network.bridge.name": bridge },
    Labels: labelsOf(plan),
  });
  if (plan.private) await closeBridge(bridge);
  return name;
}

async function startHost(
  docker: Docker,
  plan: ContainerClusterPlan,
  host: HostPlan,
  [management = "", ...others]: string[],
  user: KeyPair,
): Promise<HostState> {
  const hostKey = generateKeyPair(host.name);
  const address = (role: Role) => `${plan.lease.prefixes[role]}.${host.hostNumber}`;
  await new NodeContainer({ ...plan, nodeImage: host.image }, host.name, {
    ROLE: host.purpose,
    DOCKERD_FLAGS: host.flags.map((flag) => `--${flag}`).join(" "),
    AUTHORIZED_KEY: user.public,
    SSH_HOST_KEY: hostKey.private,
    NAMESERVER: `${plan.lease.prefixes.management}.${externalNumber}`,
    ...(plan.firewall ? { FIREWALL: plan.firewall } : {}),
  })
    .withFurther(host.capabilities ?? [])
    .onNetwork(management, address("management"))
    .thenNetworks(docker, others, [address("control"), address("data")])
    .boot();
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
