import { home, pluginFolder } from "#drivers/cni/runtimes/calls.ts";
import { daemon } from "#drivers/kit/daemon/daemon.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import { pluginSearchPath } from "#harness/cni/protocol/invocation.ts";
import { pauseImage } from "#harness/cni/runtimes/containerd/pause-image.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked } from "#harness/core/errors.ts";

const folder = `${home}/containerd`;
export const containerdSocket = `${folder}/containerd.sock`;
/** `ctr` for the sandboxes of the Container Runtime Interface. */
const ctr = ["ctr", "--address", containerdSocket, "--namespace", "k8s.io"];
const runcState = `${folder}/runc`;
/**
 * `runc` for the same sandboxes. It ends once all has come that a command inside says: `ctr task exec` loses it now and then
 * (containerd/containerd#5741).
 */
export const runc = ["runc", "--root", `${runcState}/k8s.io`];

/**
 * A pod has the network of its runtime handler, and containerd reads handlers once: so many networks can be used at a time. Each watches
 * its folder by an inotify instance. By default a user has 128, which all nodes that are containers share.
 */
const handlers = Array.from({ length: 6 }, (_, index) => `network${index}`);
export const handlersFolder = `${folder}/networks`;
/** Has a folder for each handler that has no network. */
export const freeFolder = `${folder}/free`;

const options = `options]\nBinaryName = "runc"\nRoot = "${runcState}"`;
const cri = `plugins."io.containerd.grpc.v1.cri"`;
const config = `
version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
address = "${containerdSocket}"
[${cri}]
sandbox_image = "${pauseImage}"
disable_tcp_service = true
disable_apparmor = true
restrict_oom_score_adj = true
[${cri}.cni]
bin_dir = "${pluginFolder}"
conf_dir = "${folder}/no-network"
[${cri}.containerd]
snapshotter = "native"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.${options}
${handlers
  .map(
    (name) => `[${cri}.containerd.runtimes.${name}]
runtime_type = "io.containerd.runc.v2"
cni_conf_dir = "${handlersFolder}/${name}"
cni_max_conf_num = 1
[${cri}.containerd.runtimes.${name}.${options}`,
  )
  .join("\n")}
`;

const makeImage = `
  set -e
  id=$(docker create --label netconform=runtime "$1" sh)
  docker commit --change 'ENTRYPOINT ["/bin/sleep", "1000000"]' --change 'CMD []' --change "ENV PATH=$4" "$id" "$2" >/dev/null
  docker rm "$id" >/dev/null
  docker save --output "$3" "$2"
  docker rmi "$2" >/dev/null`;

/**
 * Runs a containerd beside the engine's own on every node until `scope` closes: the program that the engine brought. Throws `Blocked` where
 * there is none.
 */
export async function installContainerd(scope: Scope, { nodes, image }: Cluster): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      await run(scope, node);
      const archive = `${folder}/image.tar`;
      await node.run(["sh", "-c", makeImage, "sh", image, pauseImage, archive, pluginSearchPath]);
      const { stdout } = await node.exec([...ctr, "images", "import", "--help"]);
      // Without the transfer service, which would unpack for another snapshotter.
      const how = stdout.includes("--local") ? ["--local"] : [];
      await node.run([...ctr, "images", "import", ...how, "--snapshotter", "native", archive]);
    }),
  );
}

async function run(scope: Scope, node: ClusterNode): Promise<void> {
  const { code } = await node.exec([
    "sh",
    "-c",
    "command -v containerd && command -v ctr && command -v runc",
  ]);
  if (code !== 0) throw new Blocked(`${node.name}: its engine came without containerd, ctr or runc`);
  const free = handlers.map((name) => `${freeFolder}/${name}`);
  const networks = handlers.map((name) => `${handlersFolder}/${name}`);
  await node.run(["mkdir", "-p", `${folder}/no-network`, ...networks]);
  if (!(await node.files.exists(freeFolder))) await node.run(["mkdir", "-p", ...free]);
  const file = `${folder}/config.toml`;
  await node.files.write(file, config);
  const containerd = await daemon(scope, {
    ...{ node, name: "containerd", argv: ["containerd", "--config", file], part: "environment" },
    ready: async () => (await node.exec([...ctr, "version"])).code === 0,
  });
  const plugins = await node.run([...ctr, "plugins", "ls", "id==cri"]);
  const lack = lackOfCri(plugins, await node.files.readText(containerd.log));
  if (lack !== undefined)
    throw new Blocked(`${node.name}: its containerd has no Container Runtime Interface: ${lack}`);
}

/**
 * Why a containerd that answers has no Container Runtime Interface, by what `ctr plugins ls` lists and its log; `undefined` where it has one.
 * It starts all the same where that plugin has failed.
 */
export function lackOfCri(plugins: string, log: string): string | undefined {
  const lines = plugins.split("\n").map((line) => line.trim().split(/\s+/));
  if (lines.some(([, id, , status]) => id === "cri" && status === "ok")) return undefined;
  const told = log
    .split("\n")
    .findLast((line) => line.includes("failed to load plugin") && /\bcri\b/.test(line));
  const [, reason = "its log does not say why"] = /error="((?:[^"\\]|\\.)*)"/.exec(told ?? "") ?? [];
  return reason.includes("fsnotify watcher: too many open files")
    ? `${reason}; no inotify instance is left (fs.inotify.max_user_instances)`
    : reason;
}
