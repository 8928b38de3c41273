import type Docker from "dockerode";
import { generateKeyPair, type KeyPair } from "#harness/cluster/containers/keys.ts";
import { labelsOf } from "#harness/cluster/containers/labels.ts";
import type { SubnetLease } from "#harness/cluster/containers/subnets.ts";
import type { SshWay } from "#harness/cluster/host-engine/ssh-engine.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { SshTarget } from "#harness/host/ssh/ssh-target.ts";
import { type ClusterMark, NodeContainer } from "./node-container.ts";

/** Name of the gate within its cluster, and in messages. */
export const gateName = "gate";

/** In the last octet of its management address; between the external host and the nodes. */
const gateNumber = 3;
const sshPort = "22/tcp";
const loopback = "127.0.0.1";

/**
 * Starts the gate of a cluster whose addresses this machine has no route to, and yields the way to it: a container with
 * nothing but sshd, on the management network and on one more that publishes ports. The cluster's own networks stay
 * internal and the nodes have no other interface, so what is tested is the same as with a route.
 *
 * Its port is on the loopback interface of the engine's host where the engine is asked over a socket, SSH or
 * loopback, else on all interfaces there, since the address that leads to the host may not be one of its own.
 */
export async function startGate(
  docker: Docker,
  plan: ClusterMark & { readonly dockerHost: string; readonly ssh?: SshWay; readonly lease: SubnetLease },
  user: KeyPair,
): Promise<SshTarget> {
  // Over SSH the way goes through the engine's host, where nobody else has to reach the gate.
  const address = plan.ssh ? loopback : hostOf(plan.dockerHost);
  const network = `${plan.id}-access`;
  const hostKey = generateKeyPair(gateName);
  await docker.createNetwork({ Name: network, Driver: "bridge", Labels: labelsOf(plan) });
  await new NodeContainer(plan, gateName, {
    ROLE: "external",
    AUTHORIZED_KEY: user.public,
    SSH_HOST_KEY: hostKey.private,
  })
    .onNetwork(network)
    .thenNetworks(docker, [`${plan.id}-management`], [`${plan.lease.prefixes.management}.${gateNumber}`])
    .publishing(sshPort, address === loopback ? loopback : "0.0.0.0")
    .boot();
  const { NetworkSettings } = await docker.getContainer(`${plan.id}-${gateName}`).inspect();
  const port = Number(NetworkSettings.Ports[sshPort]?.[0]?.HostPort);
  if (!port) throw new HarnessError(`the engine at ${plan.dockerHost} published no port for ${gateName}`);
  return {
    ...{ name: gateName, address, port, user: "root" },
    privateKey: user.private,
    hostKeys: [hostKey.public],
    ...(plan.ssh ? { jump: plan.ssh.target } : {}),
  };
}

/** Where ports that an engine publishes are: on the host that `DOCKER_HOST` names, else on this one. */
export function hostOf(dockerHost: string): string {
  if (/^(unix|npipe):/.test(dockerHost)) return loopback;
  const { hostname } = new URL(dockerHost.includes("://") ? dockerHost : `tcp://${dockerHost}`);
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  return ["", "localhost", "::1"].includes(address) ? loopback : address;
}
