import type { Driver, DriverSettings } from "#drivers/driver.ts";
import type { Capability } from "#suites/requirements/capability.ts";
import { installRuntime } from "./install.ts";

/** The real runtimes, in words, and what plugins cannot be asked for through them. */
const realRuntimes = {
  podman: { title: "Podman", lacks: [] },
  // The Container Runtime Interface adds no interface to a pod that runs, and takes no name servers from a plugin's result.
  containerd: { title: "containerd", lacks: ["hotplug", "names"] },
} as const satisfies Record<string, { title: string; lacks: readonly Capability[] }>;

/**
 * A driver of CNI plugins with what the setting RUNTIME chooses as its runtime. Through a real one it is a target of its own, `NAME-podman`,
 * installs it beforehand on the nodes, and declares what is left.
 */
export function throughRuntime({ RUNTIME, ...settings }: DriverSettings, driver: Driver): Driver {
  if (RUNTIME === "netconform") return { ...driver, runtime: RUNTIME };
  const { title, lacks } = realRuntimes[RUNTIME];
  return {
    ...driver,
    name: `${driver.name}-${RUNTIME}`,
    title: `${driver.title}, containers by ${title}`,
    runtime: RUNTIME,
    capabilities: driver.capabilities.filter(
      (capability) => !(lacks as readonly Capability[]).includes(capability),
    ),
    async install(scope, cluster, session) {
      await installRuntime(scope, cluster, { ...settings, RUNTIME });
      return (await driver.install?.(scope, cluster, session)) ?? {};
    },
  };
}
