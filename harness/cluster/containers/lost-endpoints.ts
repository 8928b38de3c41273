import type Docker from "dockerode";

/** What the engine tells of a network's containers: an endpoint whose container it has lost is under no container's id. */
interface Attached {
  readonly Containers?: Readonly<Record<string, { readonly Name: string }>>;
}

/**
 * Has an engine forget the endpoints of a network whose containers are gone. By itself it removes neither them nor the network, which
 * "has active endpoints". For a network that is to be removed: the endpoint of a container that starts looks the same for a moment.
 */
export async function forgetLostEndpoints(network: Docker.Network): Promise<void> {
  const { Containers = {} } = (await network.inspect()) as Attached;
  for (const [key, { Name }] of Object.entries(Containers)) {
    if (key.startsWith("ep-")) await network.disconnect({ Container: Name, Force: true });
  }
}
