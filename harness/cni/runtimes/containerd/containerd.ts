import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { workloadArchive } from "#harness/cluster/images/workload-image.ts";
import { Recording } from "#harness/cni/runtimes/recording/recording.ts";
import {
  type NetworkList,
  portMapping,
  type RuntimeUnderTest,
} from "#harness/cni/runtimes/runtime-under-test.ts";
import { debianRoot } from "#harness/cni/runtimes/world/root.ts";
import { shared, World } from "#harness/cni/runtimes/world/world.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { RunningCommand } from "#harness/host/host.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";
import type { SpecVersion } from "#suites/requirements/spec-version.ts";
import { CriClient } from "./cri.ts";
import { pauseImage, writePauseImage } from "./pause-image.ts";

/**
 * Debian suites with a generation of containerd each: the newest version of the specification that it speaks, and what `ctr` takes
 * for an import without containerd's transfer service, which would unpack for another snapshotter.
 */
const suites = {
  bookworm: { speaks: "1.0.0", byItself: [] },
  trixie: { speaks: "1.0.0", byItself: [] },
  sid: { speaks: "1.1.0", byItself: ["--local"] },
} as const satisfies Record<string, { speaks: SpecVersion; byItself: readonly string[] }>;
export type ContainerdSuite = keyof typeof suites;

const packages = ["containerd", "runc", "crun"];

const config = `
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
address = "${shared}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pauseImage}"
disable_tcp_service = true
disable_cgroup = true
disable_apparmor = true
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${shared}/recording/bin"
conf_dir = "${shared}/networks"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "${shared}/without-cgroups"
`;

/** The machine's control groups are not touched: what a killed run leaves there would stay. */
const withoutCgroups = `#!/bin/sh\nexec crun --cgroup-manager=disabled "$@"\n`;

/** containerd, asked over the Container Runtime Interface: a container is a pod's sandbox. */
export class Containerd implements RuntimeUnderTest {
  readonly speaks: SpecVersion;
  readonly attachments = 1;
  readonly recording: Recording;
  name = "containerd";
  readonly #world: World;
  readonly #sandboxes = new Map<string, string>();
  #daemon: RunningCommand | undefined;
  #client: CriClient | undefined;
  #made = 0;

  private constructor(speaks: SpecVersion, world: World, recording: Recording) {
    this.speaks = speaks;
    this.#world = world;
    this.recording = recording;
  }

  get network(): string {
    return this.#world.network;
  }

  static async start(
    suite: ContainerdSuite,
    folder: string,
    settings: BootstrapSettings,
    progress: Progress,
  ): Promise<Containerd> {
    const root = await debianRoot(settings, progress, { name: "containerd", suite, packages });
    const { path: workload } = await workloadArchive(settings, progress);
    const world = await World.begin(folder, root);
    const { share } = world;
    const recording = await Recording.install(join(share, "recording"), `${shared}/recording`);
    await mkdir(join(share, "networks"));
    await writeFile(join(share, "config.toml"), config);
    await writeFile(join(share, "without-cgroups"), withoutCgroups, { mode: 0o755 });
    await writePauseImage(workload, join(share, "pause.tar"));
    const containerd = new Containerd(suites[suite].speaks, world, recording);
    try {
      await containerd.#begin();
      await containerd.#importImage(suites[suite].byItself);
      return containerd;
    } catch (error) {
      await containerd[Symbol.asyncDispose]();
      throw error;
    }
  }

  async configure(lists: readonly NetworkList[]): Promise<void> {
    await this.#removeAll();
    const [list] = lists;
    const written = JSON.stringify(list);
    // Never without a configuration: it would refuse sandboxes until it has looked again.
    // Within the folder: it takes notice of files that are written or go away, not of those that come.
    const folder = join(this.#world.share, "networks");
    await writeFile(join(folder, "next"), written);
    await rename(join(folder, "next"), join(folder, "10.conflist"));
    // It looks at the folder by itself, some time after the change.
    await until({ what: "containerd to use the network configuration", deadlineMs: 20_000 }, async () => {
      const { info } = await this.#cri.call("Status", { verbose: true });
      return sourcesOf(info.cniconfig ?? "").includes(written);
    });
  }

  async add(container: string): Promise<void> {
    this.#made += 1;
    const uid = `${container}-${this.#made}`;
    const { containerPort, hostPort } = portMapping;
    const { podSandboxId } = await this.#cri.call("RunPodSandbox", {
      config: {
        metadata: { name: container, uid, namespace: "netconform", attempt: this.#made },
        hostname: container,
        portMappings: [{ protocol: 0, containerPort, hostPort }],
        linux: {},
      },
    });
    this.#sandboxes.set(container, podSandboxId);
  }

  async del(container: string): Promise<void> {
    const podSandboxId = this.#sandboxes.get(container);
    if (podSandboxId === undefined) throw new HarnessError(`no sandbox of ${container}`);
    await this.#cri.call("StopPodSandbox", { podSandboxId });
  }

  /** What the kubelet does, too: it stops and removes whatever is listed. */
  abandon(): Promise<void> {
    return this.#removeAll();
  }

  async status(): Promise<void> {
    const { status } = await this.#cri.call("Status");
    const network = status.conditions.find(({ type }) => type === "NetworkReady");
    if (network?.status !== true) throw new HarnessError(`${network?.reason}: ${network?.message}`);
  }

  async restart(): Promise<void> {
    await this.#end();
    await this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.[Symbol.dispose]();
    await this.#world[Symbol.asyncDispose]();
  }

  get #cri(): CriClient {
    if (this.#client) return this.#client;
    throw new HarnessError("containerd has not begun");
  }

  async #begin(): Promise<void> {
    const log = `exec containerd --config ${shared}/config.toml >>${shared}/containerd.log 2>&1`;
    this.#daemon = await this.#world.spawn(["sh", "-c", log]);
    this.#client = new CriClient(join(this.#world.share, "containerd.sock"));
    const client = this.#client;
    const { runtimeVersion } = await until({ what: "containerd to answer", deadlineMs: 60_000 }, () =>
      client.call("Version", {}, 2_000),
    );
    this.name = `containerd ${runtimeVersion.replace(/^v/, "").replace(/[~+].*$/, "")}`;
  }

  async #end(): Promise<void> {
    this.#client?.[Symbol.dispose]();
    // nsenter is told, and the daemon in there is another process.
    await this.#world.exec([
      "sh",
      "-c",
      "kill -9 $(cat /proc/[0-9]*/stat | sed -n 's/^\\([0-9]*\\) (containerd) .*/\\1/p')",
    ]);
    await this.#daemon?.exit;
  }

  async #importImage(how: readonly string[]): Promise<void> {
    const ctr = ["ctr", "--address", `${shared}/containerd.sock`, "--namespace", "k8s.io"];
    await this.#world.run([
      ...ctr,
      "images",
      "import",
      ...how,
      "--snapshotter",
      "native",
      `${shared}/pause.tar`,
    ]);
    await until({ what: "containerd to know the image of its sandboxes", deadlineMs: 20_000 }, async () => {
      const { image } = await this.#cri.call("ImageStatus", { image: { image: pauseImage } });
      return image !== null || undefined;
    });
  }

  async #removeAll(): Promise<void> {
    const { items } = await this.#cri.call("ListPodSandbox");
    for (const { id } of items) {
      await this.#cri.call("StopPodSandbox", { podSandboxId: id });
      await this.#cri.call("RemovePodSandbox", { podSandboxId: id });
    }
    this.#sandboxes.clear();
  }
}

const usedSchema = z.object({
  Networks: z.array(z.object({ Config: z.object({ Source: z.string() }) })).nullable(),
});

/** The configurations that it says it uses, as they were written. */
function sourcesOf(info: string): string[] {
  const used = info === "" ? undefined : usedSchema.parse(JSON.parse(info));
  return used?.Networks?.map(({ Config }) => Config.Source) ?? [];
}
