import type { Progress } from "#harness/core/async/progress.ts";
import { makeScratchFolder } from "#harness/core/process/scratch.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";
import { Containerd } from "./containerd/containerd.ts";
import { OwnRuntime } from "./ours/ours.ts";
import { Podman } from "./podman/podman.ts";
import type { RuntimeUnderTest } from "./runtime-under-test.ts";

/** The runtimes that can be judged, by the name that is typed. */
export const runtimeNames = [
  "netconform",
  "podman",
  "containerd-bookworm",
  "containerd-trixie",
  "containerd-sid",
] as const;
export type RuntimeName = (typeof runtimeNames)[number];

const starts: Readonly<
  Record<
    RuntimeName,
    (folder: string, settings: BootstrapSettings, progress: Progress) => Promise<RuntimeUnderTest>
  >
> = {
  netconform: (folder) => OwnRuntime.start(folder),
  podman: Podman.start,
  "containerd-bookworm": (...given) => Containerd.start("bookworm", ...given),
  "containerd-trixie": (...given) => Containerd.start("trixie", ...given),
  "containerd-sid": (...given) => Containerd.start("sid", ...given),
};

/** Starts a runtime, with what it takes. It and all that it has started end with the object, or with this process. */
export function startRuntime(
  name: RuntimeName,
  settings: BootstrapSettings,
  progress: Progress,
): Promise<RuntimeUnderTest> {
  return starts[name](makeScratchFolder(), settings, progress);
}
