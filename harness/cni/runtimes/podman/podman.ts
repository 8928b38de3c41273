import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { workloadArchive } from "#harness/cluster/images/workload-image.ts";
import { Recording } from "#harness/cni/runtimes/recording/recording.ts";
import {
  type NetworkList,
  portMapping,
  type RuntimeUnderTest,
} from "#harness/cni/runtimes/runtime-under-test.ts";
import { debianRoot } from "#harness/cni/runtimes/world/root.ts";
import { shared, World } from "#harness/cni/runtimes/world/world.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";

/** The last Debian suite whose Podman calls CNI plugins. */
const suite = "bookworm";
const packages = ["podman", "conmon", "crun", "golang-github-containers-common", "iptables"];

/** The file system with it, in the cache. */
export function podmanRoot(settings: BootstrapSettings, progress: Progress): Promise<string> {
  return debianRoot(settings, progress, { name: "podman", suite, packages });
}

const containersConf = `
[containers]
cgroups = "disabled"
log_driver = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "crun"
[network]
network_backend = "cni"
cni_plugin_dirs = ["${shared}/recording/bin"]
network_config_dir = "${shared}/networks"
`;
const storageConf = `
[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
`;

/** Podman with its CNI back end, as Debian has it; every command is a process of its own. */
export class Podman implements RuntimeUnderTest {
  readonly name: string;
  readonly speaks = "1.0.0";
  readonly attachments = 2;
  readonly recording: Recording;
  readonly #world: World;

  private constructor(name: string, world: World, recording: Recording) {
    this.name = name;
    this.#world = world;
    this.recording = recording;
  }

  get network(): string {
    return this.#world.network;
  }

  static async start(folder: string, settings: BootstrapSettings, progress: Progress): Promise<Podman> {
    const root = await podmanRoot(settings, progress);
    const { path: workload } = await workloadArchive(settings, progress);
    const world = await World.begin(folder, root);
    const { share } = world;
    const recording = await Recording.install(join(share, "recording"), `${shared}/recording`);
    await mkdir(join(share, "networks"));
    await mkdir(join(share, "workload"));
    await new LocalHost().run(["tar", "-x", "-f", workload, "-C", join(share, "workload")]);
    await writeFile(join(share, "containers.conf"), containersConf);
    await writeFile(join(share, "storage.conf"), storageConf);
    const version = (await world.run(["podman", "--version"])).trim().split(" ").at(-1);
    return new Podman(`Podman ${version}`, world, recording);
  }

  async configure(lists: readonly NetworkList[]): Promise<void> {
    await this.#world.run(["podman", "rm", "--force", "--all", "--time", "0"]);
    const folder = join(this.#world.share, "networks");
    for (const file of await readdir(folder)) await rm(join(folder, file));
    for (const list of lists) await writeFile(join(folder, `${list.name}.conflist`), JSON.stringify(list));
  }

  async add(container: string, networks: readonly string[]): Promise<void> {
    const { hostPort, containerPort, protocol } = portMapping;
    await this.#world.run([
      ...["podman", "run", "--detach", "--name", container, "--network", networks.join(",")],
      ...["--publish", `${hostPort}:${containerPort}/${protocol}`, "--pids-limit", "0"],
      ...["--rootfs", `${shared}/workload`, "/bin/sleep", "1000000"],
    ]);
  }

  /** As its users do it: what runs is stopped, what has stopped is removed. */
  async del(container: string): Promise<void> {
    const format = ["--format", "{{.State.Running}}"];
    const { stdout } = await this.#world.exec(["podman", "container", "inspect", ...format, container]);
    if (stdout.trim() !== "true") return this.abandon(container);
    await this.#world.run(["podman", "stop", "--time", "0", container]);
  }

  async abandon(container: string): Promise<void> {
    await this.#world.run(["podman", "rm", "--force", "--time", "0", container]);
  }

  async restart(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.#world[Symbol.asyncDispose]();
  }
}
