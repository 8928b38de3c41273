import { progress as ownProgress, type Progress } from "#harness/core/async/progress.ts";
import { UsageError } from "#harness/core/errors.ts";
import type { ClusterProvider, Settings } from "#harness/core/settings/schema.ts";
import type { ContainerSettings } from "./containers/lifecycle.ts";
import { identifyEngine } from "./engines/identify.ts";
import type { TargetEngine } from "./engines/target-engine.ts";
import type { SshSettings } from "./hosts/provider.ts";
import type { Provider } from "./provider.ts";
import type { VagrantSettings } from "./vagrant/provider.ts";

/** What clusters take of the settings, whichever provider they are from. */
export type ProviderSettings = ContainerSettings & SshSettings & VagrantSettings & Pick<Settings, "CLUSTER">;

/** Where nodes come from, and what this machine needs for it, for people. */
export const providerSummaries: Readonly<Record<ClusterProvider, { nodes: string; needs: string }>> = {
  containers: {
    nodes: "containers on this machine, each with an engine of its own",
    needs: "a Docker Engine; where none answers root or sudo, and it is installed",
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

/** What finding out the engines of targets takes of the settings. */
export type TargetEngineSettings = VagrantSettings & Pick<Settings, "CLUSTER" | "ENGINE" | "INVENTORY">;

/**
 * The engines that targets are named after: those that are asked for, by the versions that answer, or with `CLUSTER=ssh` those
 * that the hosts run. One whose version nothing tells is put into an image first. Throws `UsageError` for a source that yields no
 * engine, for two that are the same version, and when hosts that exist run another one than is asked for.
 */
export async function targetEngines(
  settings: TargetEngineSettings,
  progress: Progress = ownProgress,
): Promise<readonly TargetEngine[]> {
  if (settings.CLUSTER === "ssh")
    return [await (await import("./hosts/provider.ts")).engineOfHosts(settings)];
  if (settings.CLUSTER === "vagrant") (await import("./vagrant/boxes.ts")).refuseOtherSources(settings);
  const found = new Map<string, { word: string; engine: TargetEngine }>();
  for (const word of settings.ENGINE) {
    const engine = await identifyEngine(word, settings, progress);
    const same = found.get(engine.name);
    if (same) {
      throw new UsageError(
        `ENGINE=${settings.ENGINE}: expected versions that differ, got Docker ${engine.name} for both ${same.word} and ${word}`,
        {
          hint: "run them in turn",
        },
      );
    }
    found.set(engine.name, { word, engine });
  }
  return [...found.values()].map(({ engine }) => engine);
}
