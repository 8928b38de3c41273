import type { DriverSettings } from "#drivers/driver.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { home } from "./calls.ts";
import { installContainerd } from "./containerd/containerd-install.ts";
import { installPodman } from "./podman/podman-install.ts";

/** Has the chosen runtime on every node, until `scope` closes. Throws `Blocked` where a node lacks what it takes. */
export async function installRuntime(
  scope: Scope,
  cluster: Cluster,
  { RUNTIME, ...settings }: DriverSettings,
): Promise<void> {
  await Promise.all(
    cluster.nodes.map(async (node) => {
      scope.defer(`the CNI runtime on ${node.name}`, () => node.run(["rm", "-rf", home]));
      await node.run(["mkdir", "-p", home]);
    }),
  );
  if (RUNTIME === "podman") return installPodman(scope, cluster, settings);
  if (RUNTIME === "containerd") return installContainerd(scope, cluster);
}
