import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { generateKeyPair } from "#harness/cluster/containers/keys.ts";
import { bringUp, type EngineContext, tearDown } from "#harness/cluster/containers/lifecycle.ts";
import { identifyEngine } from "#harness/cluster/engines/identify.ts";
import type { RemoteCluster } from "#harness/cluster/remote-cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Host } from "#harness/host/host.ts";
import { knownHostName } from "#harness/host/ssh/ssh-target.ts";

/** Who logs in on hosts that are not ours. */
const user = "ops";

export interface GivenHosts extends AsyncDisposable {
  /** The hosts as their owner sees them: as root, past everything that the run under test does. */
  readonly owner: RemoteCluster;
  readonly id: string;
  /** Folder with the key, the known hosts and whatever a test adds. */
  readonly folder: string;
  /** The inventory as data, so that a test can alter it. */
  readonly inventory: InventoryFile;
  /** Writes an inventory beside the key and yields its path. */
  write(inventory: unknown, name?: string): string;
}

export interface InventoryFile {
  defaults: Record<string, unknown>;
  jumps?: Record<string, unknown>[];
  nodes: { name: string; address: string; [more: string]: unknown }[];
  external?: Record<string, unknown>;
}

/**
 * Hosts that exist, for tests of `CLUSTER=ssh`: nodes that the container provider made, turned into hosts
 * that the run does not own. They let a user in who is not root and has sudo, with sshd's own defaults
 * (`MaxSessions` 10, no unlinking of sockets), and know nothing of the run. The second node is reached
 * through the external host.
 */
export async function makeGivenHosts(
  context: EngineContext,
  word: string,
  nodes: number,
): Promise<GivenHosts> {
  const settings = { ...context.settings, NODES: nodes, KEEP: false };
  const engine = await identifyEngine(word, settings, context.progress);
  const { cluster, state } = await bringUp({ ...context, settings }, "given", engine, { fresh: true });
  const folder = mkdtempSync(join(tmpdir(), "netconform-given-"));
  const remove = async () => {
    await cluster.disconnect();
    await tearDown({ ...context, settings }, state);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const key = generateKeyPair(user);
    writeFileSync(join(folder, "key"), key.private, { mode: 0o600 });
    await Promise.all(cluster.hosts.map((host) => admitUser(host, key.public)));
    const hosts = [...state.nodes, ...(state.external ? [state.external] : [])];
    const known = hosts.map(
      ({ address, port, hostKeys }) => `${knownHostName(address, port)} ${hostKeys[0]}`,
    );
    writeFileSync(join(folder, "known_hosts"), `${known.join("\n")}\n`);
    const inventory: InventoryFile = {
      defaults: { user, key: "key", knownHosts: "known_hosts" },
      jumps: [{ name: "gate", address: state.external?.address }],
      nodes: state.nodes.map(({ name, address, interfaces }, index) => ({
        name,
        address,
        ...(index === 1 ? { jump: "gate" } : {}),
        interfaces: {
          control: { address: interfaces.control.address },
          data: { device: interfaces.data.device },
        },
      })),
      external: {
        name: "external",
        address: state.external?.address,
        hostName: state.external?.hostName,
        interfaces: { data: { device: state.external?.interfaces.data.device } },
      },
    };
    const write = (content: unknown, name = "hosts.yaml") => {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, name);
      writeFileSync(path, stringify(content));
      return path;
    };
    return { owner: cluster, id: state.id, folder, inventory, write, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A user with sudo and without a way to the engine's socket; sshd as Debian ships it. */
async function admitUser(host: Host, publicKey: string): Promise<void> {
  const script = `
    useradd --create-home --shell /bin/sh ${user}
    install -d -m 700 -o ${user} /home/${user}/.ssh
    echo "$1" >/home/${user}/.ssh/authorized_keys
    chown ${user} /home/${user}/.ssh/authorized_keys
    echo "${user} ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/${user}
    printf 'PasswordAuthentication no\\n' >/etc/ssh/sshd_config.d/10-netconform.conf
    pkill -HUP --pidfile /run/sshd.pid || pkill -HUP -o -x sshd`;
  await host.run(["sh", "-ec", script, "sh", publicKey]);
  await until({ what: `sshd on ${host.name} to be back`, deadlineMs: 10_000 }, async () => {
    return (await host.exec(["true"])).code === 0;
  });
}
