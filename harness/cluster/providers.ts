import type { Progress } from "#harness/core/progress.ts";
import type { ClusterProvider, Settings } from "#harness/core/settings/settings.ts";
import type { ContainerSettings } from "./containers/lifecycle.ts";
import type { SshSettings } from "./hosts/provider.ts";
import type { Provider } from "./provider.ts";
import type { VagrantSettings } from "./vagrant/provider.ts";

/** What clusters take of the settings, whichever provider they are from. */
export type ProviderSettings = ContainerSettings & SshSettings & VagrantSettings & Pick<Settings, "CLUSTER">;

/** Opens the provider that `CLUSTER` names. Throws `UsageError` where this machine cannot carry it. */
export async function openProvider(
  settings: ProviderSettings,
  progress: Progress,
  name: ClusterProvider = settings.CLUSTER,
): Promise<Provider> {
  switch (name) {
    case "containers":
      return (await import("./containers/provider.ts")).openContainers(settings, progress);
    case "ssh":
      return (await import("./hosts/provider.ts")).openSsh(settings, progress);
    case "vagrant":
      return (await import("./vagrant/provider.ts")).openVagrant(settings, progress);
  }
}

/**
 * The engine versions that targets are named after: those that are asked for, or with `CLUSTER=ssh` the one that the
 * hosts run. Throws `UsageError` when hosts that exist run another one than is asked for.
 */
export async function targetEngines(
  settings: Pick<Settings, "CLUSTER" | "ENGINE" | "INVENTORY" | "NODES">,
): Promise<readonly string[]> {
  if (settings.CLUSTER !== "ssh") return settings.ENGINE;
  return [await (await import("./hosts/provider.ts")).engineOfHosts(settings)];
}
