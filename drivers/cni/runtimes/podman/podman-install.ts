import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { home, pluginFolder } from "#drivers/cni/runtimes/calls.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { pluginSearchPath } from "#harness/cni/protocol/invocation.ts";
import { podmanRoot } from "#harness/cni/runtimes/podman/podman.ts";
import { progress } from "#harness/core/async/progress.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { BootstrapSettings } from "#harness/host/setup/mmdebstrap.ts";

/** On a node's disk: some 80 MB. */
const folder = "/var/lib/netconform-podman";
const libraries = `${folder}/lib`;
/** What containers of Podman have as their files. */
export const rootFileSystem = `${folder}/workload`;
export const podmanProgram = `${folder}/bin/podman`;

/** Environment of every podman. */
export const podmanEnvironment = {
  LD_LIBRARY_PATH: libraries,
  CONTAINERS_CONF: `${folder}/containers.conf`,
  CONTAINERS_STORAGE_CONF: `${folder}/storage.conf`,
  PATH: pluginSearchPath,
};

const conmonEnvironment = Object.entries(podmanEnvironment).map(([name, value]) => `"${name}=${value}"`);

/** The node's control groups are the engine's. */
const containersConf = `
[containers]
cgroups = "disabled"
log_driver = "none"
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "crun"
conmon_path = ["${folder}/bin/conmon"]
conmon_env_vars = [${conmonEnvironment.join(", ")}]
tmp_dir = "${home}/libpod"
[engine.runtimes]
crun = ["${folder}/bin/with-libraries"]
[network]
network_backend = "cni"
cni_plugin_dirs = ["${pluginFolder}"]
network_config_dir = "${home}/networks"
`;
const storageConf = `
[storage]
driver = "vfs"
graphroot = "${folder}/storage"
runroot = "${home}/storage"
`;
/** Podman calls crun without its own environment. */
const withLibraries = `#!/bin/sh\nLD_LIBRARY_PATH=${libraries} exec ${folder}/bin/crun "$@"\n`;

const programs = ["podman", "conmon", "crun"];

/**
 * Puts Debian bookworm's Podman, the last that calls CNI plugins, on every node until `scope` closes: its programs, and those of their
 * libraries that the node's Debian has not.
 */
export async function installPodman(
  scope: Scope,
  cluster: Cluster,
  settings: BootstrapSettings,
): Promise<void> {
  const root = await podmanRoot(settings, progress);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      scope.defer(`Podman on ${node.name}`, () => node.run(["rm", "-rf", folder]));
      if (!(await node.files.exists(podmanProgram))) await put(node, root, cluster.image);
      await node.files.write(podmanEnvironment.CONTAINERS_CONF, containersConf);
      await node.files.write(podmanEnvironment.CONTAINERS_STORAGE_CONF, storageConf);
      await node.files.write(`${folder}/bin/with-libraries`, withLibraries, 0o755);
    }),
  );
}

/** The programs come last, and podman's last of all: where it is there, so is the rest. */
async function put(node: ClusterNode, root: string, image: string): Promise<void> {
  const [triplet = ""] = (await readdir(join(root, "usr/lib"))).filter((name) => name.endsWith("-linux-gnu"));
  const there = new Set((await node.run(["ls", `/usr/lib/${triplet}`])).split("\n"));
  const missing = (await readdir(join(root, "usr/lib", triplet))).filter(
    (name) => name.includes(".so") && !there.has(name),
  );
  await node.run(["mkdir", "-p", libraries, rootFileSystem]);
  await copy(node, join(root, "usr/lib", triplet), missing, libraries);
  await node.run(["sh", "-c", exportImage, "sh", image, rootFileSystem]);
  await node.run(["mkdir", "-p", `${folder}/bin`]);
  await copy(node, join(root, "usr/bin"), programs.toReversed(), `${folder}/bin`);
}

const exportImage = `
  id=$(docker create --label netconform=runtime "$1" sh) || exit 1
  docker export "$id" | tar -x -C "$2"
  docker rm "$id" >/dev/null`;

async function copy(node: ClusterNode, from: string, names: readonly string[], to: string): Promise<void> {
  const packing = await new LocalHost().spawn(["tar", "-cz", "-C", from, ...names]);
  const unpacking = await node.spawn(["tar", "-xz", "-C", to]);
  unpacking.stdout.resume();
  packing.stdin.end();
  const ends = Promise.all([packing.exit, unpacking.exit]);
  await pipeline(packing.stdout, unpacking.stdin);
  const failed = (await ends).find(({ code }) => code !== 0);
  if (failed)
    throw new HarnessError(`${node.name}: ${names.length} files of ${basename(from)} did not get to ${to}`);
}
