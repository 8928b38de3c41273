import type Docker from "dockerode";
import type { Role } from "#harness/cluster/cluster.ts";
import { labels, labelsOf, removeByLabel } from "#harness/cluster/containers/labels.ts";
import type { SubnetLease } from "#harness/cluster/containers/subnets.ts";
import type { TargetEngine } from "#harness/cluster/engines/target-engine.ts";
import { ensureEngine } from "#harness/cluster/host-engine/engine.ts";
import { ensureNodeImage, type NodeImageSettings } from "#harness/cluster/images/node-image.ts";
import { type Box, ensureBox } from "#harness/cluster/images/vagrant-box.ts";
import { ensureLibvirt, type Libvirt, libvirtDriver } from "#harness/cluster/vagrant/libvirt/libvirt.ts";
import type { Progress } from "#harness/core/async/progress.ts";
import type { Settings } from "#harness/core/settings/schema.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, type Tool } from "#harness/host/setup/install.ts";
import { localBox } from "./boxes.ts";
import type { Machines } from "./machines.ts";

/** What the machines of Vagrant take of the settings. */
export type BackendSettings = NodeImageSettings & Pick<Settings, "VAGRANT_BOX">;

/** What Vagrant's provider needs beside Vagrant. */
export interface Backend {
  /** What a new cluster is made of, for telling kept ones apart: image, box. */
  material(engine: TargetEngine): Promise<string>;
  /** Environment for the Vagrantfile. What it makes for the cluster is found again by `removeRest`. */
  prepare(id: string, engine: TargetEngine, lease: SubnetLease): Promise<Record<string, string>>;
  /** Whether Vagrant has to make the machines nodes, or they are when they start. */
  readonly provision: boolean;
  /** Starts a machine that hangs again. */
  reset?: (id: string, machine: string) => Promise<void>;
  /** Seconds of processor time that a machine has had. */
  processorTime?: (id: string, machine: string) => Promise<number>;
  /** Removes everything that `vagrant destroy` did not, or does not know of. */
  removeRest?: (machines: Machines) => Promise<void>;
  /** `idle`: no cluster is made of it any more. */
  release(options: { keep: boolean; idle: boolean }): Promise<void>;
}

const libvirtPlugin = "vagrant-libvirt";

/** Makes the provider usable that Vagrant is to use. Throws `UsageError` where this machine cannot carry it. */
export async function openBackend(
  settings: BackendSettings,
  progress: Progress,
  provider: string | undefined,
): Promise<Backend> {
  if (provider === "docker") return onDocker(settings, progress);
  if (provider === "libvirt") return onLibvirt(settings, progress);
  return {
    material: async (engine) => `${settings.VAGRANT_BOX ?? "the usual box"} ${engine.name}`,
    prepare: async () => ({}),
    provision: true,
    release: async () => {},
  };
}

async function onDocker(settings: BackendSettings, progress: Progress): Promise<Backend> {
  const engine = await ensureEngine(settings, progress);
  const local = new LocalHost();
  const separate = (await local.exec(["apt-cache", "show", "docker-cli"])).code === 0;
  const client: Tool = { program: "docker", packages: [separate ? "docker-cli" : "docker.io"] };
  await installMissing(local, progress, [client], "Vagrant's provider docker");
  const imagesOf = async ({ nodes }: TargetEngine) => {
    const images: string[] = [];
    for (const { source } of nodes) {
      images.push((await ensureNodeImage(engine.docker, source, settings, progress)).image);
    }
    return images.join(",");
  };
  return {
    provision: false,
    material: imagesOf,
    async prepare(id, engines, { prefixes }) {
      const own = labelsOf({ id, cache: settings.CACHE });
      await Promise.all(
        (Object.keys(prefixes) as Role[]).map((role) => makeNetwork(engine, id, role, prefixes[role], own)),
      );
      return {
        DOCKER_HOST: engine.host,
        NODE_IMAGE: await imagesOf(engines),
        MANAGEMENT_NETWORK: `${id}-management`,
        LABELS: Object.entries(own)
          .map((pair) => pair.join("="))
          .join(","),
      };
    },
    removeRest: async ({ id }) => {
      await removeByLabel(engine.docker, labels.cluster, id);
    },
    release: ({ keep }) => engine.release({ keep }),
  };
}

async function makeNetwork(
  { docker }: { docker: Docker },
  id: string,
  role: Role,
  prefix: string,
  own: Record<string, string>,
): Promise<void> {
  await docker.createNetwork({
    Name: `${id}-${role}`,
    Driver: "bridge",
    // Vagrant comes in through a published port, which an internal network does not have.
    Internal: role !== "management",
    IPAM: { Driver: "default", Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
    Options: { "com.docker.network.bridge.name": `${id}-${role[0]}` },
    Labels: own,
  });
}

async function onLibvirt(settings: BackendSettings, progress: Progress): Promise<Backend> {
  const local = new LocalHost();
  const plugins = await local.run(["vagrant", "plugin", "list"]);
  if (!plugins.includes(libvirtPlugin)) {
    const missing: Tool = { program: libvirtPlugin, packages: [libvirtPlugin] };
    await installMissing(local, progress, [missing], "Vagrant's provider libvirt");
  }
  const libvirt = await ensureLibvirt(settings, progress);
  const virsh = (...args: string[]) => local.exec(["virsh", "--connect", libvirt.uri, ...args]);
  const driver = await libvirtDriver();
  if (driver === "qemu")
    progress.say("this machine has no hardware virtualization for guests: the VMs are emulated, and slow");
  const boxesOf = async ({ nodes }: TargetEngine) => {
    const boxes: Box[] = [];
    if (settings.VAGRANT_BOX !== localBox) return boxes;
    for (const { source } of nodes) boxes.push(await ensureBox(source, settings, progress));
    return boxes;
  };
  return {
    provision: settings.VAGRANT_BOX !== localBox,
    material: async (engine) =>
      (await boxesOf(engine)).map(({ name }) => name).join() || `${settings.VAGRANT_BOX ?? engine.name}`,
    async prepare(_id, engine) {
      const boxes = await boxesOf(engine);
      for (const { name } of boxes) await removeOlderBoxes(local, virsh, name);
      return {
        LIBVIRT_URI: libvirt.uri,
        LIBVIRT_DRIVER: driver,
        ...(boxes.length > 0
          ? {
              VAGRANT_BOX: boxes.map(({ name }) => name).join(","),
              VAGRANT_BOX_URL: boxes.map(({ path }) => `file://${path}`).join(","),
              // A machine that is a node already needs nothing from external.
              MANAGEMENT_MODE: "none",
            }
          : {}),
      };
    },
    reset: async (id, machine) => {
      progress.say(`${machine} has had no address for too long; it is started again, once`);
      await virsh("reset", `${id}-${machine}`);
    },
    processorTime: async (id, machine) => {
      const { stdout } = await virsh("domstats", "--cpu-total", `${id}-${machine}`);
      return Number(/cpu\.time=(\d+)/.exec(stdout)?.[1]) / 1e9;
    },
    removeRest: ({ id }) => removeDomains(virsh, id),
    release: ({ keep, idle }) => release(libvirt, !keep && idle),
  };
}

async function release(libvirt: Libvirt, end: boolean): Promise<void> {
  if (end && libvirt.own) await libvirt.stop();
}

/** What a `vagrant up` that was killed had made and not yet written down. */
async function removeDomains(
  virsh: (...args: string[]) => Promise<{ stdout: string }>,
  id: string,
): Promise<void> {
  const named = async (...args: string[]) =>
    (await virsh(...args)).stdout.split(/\s+/).filter((name) => name.startsWith(`${id}-`));
  for (const name of await named("list", "--all", "--name")) {
    await virsh("destroy", name);
    await virsh("undefine", name);
  }
  for (const name of await named("vol-list", "default")) await virsh("vol-delete", name, "--pool", "default");
  for (const name of await named("net-list", "--all", "--name")) {
    await virsh("net-destroy", name);
    await virsh("net-undefine", name);
  }
}

/** Vagrant and libvirt have copies of every box that was used, and keep them. */
async function removeOlderBoxes(
  local: LocalHost,
  virsh: (...args: string[]) => Promise<{ stdout: string }>,
  current: string,
): Promise<void> {
  const family = current.slice(0, current.lastIndexOf("-") + 1);
  const older = (name: string) => name.startsWith(family) && name !== current;
  const boxes = (await local.exec(["vagrant", "box", "list"])).stdout
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "");
  for (const box of boxes.filter(older)) {
    await local.exec(["vagrant", "box", "remove", "--force", "--all", box]);
  }
  const volumes = (await virsh("vol-list", "default")).stdout.split(/\s+/);
  const boxOf = (volume: string) =>
    volume.replace("-VAGRANTSLASH-", "/").replace(/_vagrant_box_image_.*/, "");
  for (const volume of volumes.filter((name) => older(boxOf(name)) && !name.startsWith("/"))) {
    await virsh("vol-delete", volume, "--pool", "default");
  }
}
