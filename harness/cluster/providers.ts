import type { Progress } from "#harness/core/async/progress.ts";
import type { ClusterProvider, Settings } from "#harness/core/settings/settings.ts";
import type { ContainerSettings } from "./containers/lifecycle.ts";
import type { SshSettings } from "./hosts/provider.ts";
import type { Provider } from "./provider.ts";
import type { VagrantSettings } from "./vagrant/provider.ts";

/** What clusters take of the settings, whichever provider they are from. */
export type ProviderSettings = ContainerSettings & SshSettings & VagrantSettings & Pick<Settings, "CLUSTER">;

/** Where nodes come from, and what this machine needs for it, for people. */
export const providerSummaries: Readonly<Record<ClusterProvider, { nodes: string; needs: string }>> = {
  containers: {
    nodes: "privileged containers on this machine, each with an engine of its own",
    needs: "root or sudo; the Docker Engine is installed where none answers",
  },
  ssh: {
    nodes: "the hosts that INVENTORY names; nothing on them changes for good",
    needs: "SSH to hosts with a Docker Engine, as root or with sudo",
  },
  vagrant: {
    nodes: "virtual machines that Vagrant makes, with VirtualBox, libvirt or Docker",
    needs: "Vagrant and its provider; Debian's packages are installed where they are missing",
  },
};

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
