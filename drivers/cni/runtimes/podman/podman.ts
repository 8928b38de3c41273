import { z } from "zod";
import { home } from "#drivers/cni/runtimes/calls.ts";
import { LibcniWorkloads } from "#drivers/cni/runtimes/libcni-workloads.ts";
import { refusal } from "#drivers/cni/runtimes/refusal.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Unsupported } from "#harness/core/errors.ts";
import { freshMac } from "#harness/core/random.ts";
import type { ExecResult } from "#harness/host/host.ts";
import type { CniWorkload, Sandbox } from "#harness/workload/cni/attachment.ts";
import {
  chosenPort,
  type WantedWorkload,
  type WrittenNetwork,
} from "#harness/workload/cni/workload-runtime.ts";
import type { ConnectSpec } from "#harness/workload/network.ts";
import { podmanEnvironment, podmanProgram, rootFileSystem } from "./podman-install.ts";

/**
 * Podman with its CNI back end on a node. Each container has a folder of networks of its own, so that a network's configuration can
 * differ from container to container.
 */
export class PodmanWorkloads extends LibcniWorkloads {
  async version(): Promise<string> {
    const { stdout } = await this.#exec(["--version"]);
    return stdout.trim().replace(/^podman version /, "Podman ");
  }

  async run(scope: Scope, wanted: WantedWorkload): Promise<CniWorkload> {
    const { name, network, ip, ip6, publish = [], bare } = wanted;
    if (bare) throw new Unsupported("Podman attaches containers, and no bare namespaces");
    const ports = publish.map(chosenPort);
    const node = this.node;
    scope.defer(`the networks of ${name}`, () => node.run(["rm", "-r", networksOf(name)]));
    await this.#write(name, network);
    let id = "";
    scope.defer(`container ${name}`, async () => {
      await this.#podman(name, ["rm", "--force", "--ignore", "--time", "0", name]);
      if (id) await this.calls.read(id);
    });
    const addresses = [ip, ip6].flatMap((address) => (address ? [`ip=${address}`] : []));
    const run = [
      ...["run", "--detach", "--name", name, "--hostname", name],
      ...["--network", `${network.name}:${[`mac=${freshMac()}`, ...addresses].join(",")}`],
      ...(takesAliases(network) ? ["--network-alias", name] : []),
      ...ports.flatMap((port) => ["--publish", publishArgument(port)]),
      ...["--rootfs", rootFileSystem, "/bin/sleep", "1000000"],
    ];
    await this.#podman(name, run, network);
    const inspected = await this.#podman(name, [
      ...["container", "inspect", "--format", "{{.Id}} {{.State.Pid}}", name],
    ]);
    const [found = "", pid] = inspected.trim().split(" ");
    id = found;
    const sandbox: Sandbox = {
      ...{ name, id, node, netns: `/proc/${pid}/ns/net` },
      byHand: (argv) => ["env", ...assignments, podmanProgram, "exec", name, ...argv],
      exec: (argv, options) => {
        const input = options?.input === undefined ? [] : ["--interactive"];
        return this.#exec(["exec", ...input, name, ...argv], options);
      },
    };
    return this.attached(scope, sandbox, network);
  }

  async connect(
    scope: Scope,
    workload: CniWorkload,
    network: WrittenNetwork,
    { ip, ip6 }: ConnectSpec = {},
  ): Promise<CniWorkload> {
    const { name, sandbox } = workload;
    await this.#write(name, network);
    const addresses = [...(ip ? ["--ip", ip] : []), ...(ip6 ? ["--ip6", ip6] : [])];
    const aliases = takesAliases(network) ? ["--alias", name] : [];
    const connect = [
      ...["network", "connect", "--mac-address", freshMac(), ...addresses, ...aliases],
      ...[network.name, name],
    ];
    await this.#podman(name, connect, network);
    const joined = await this.attached(scope, sandbox, network);
    scope.defer(`${name} in ${network.name}`, () => joined.detach());
    return joined;
  }

  protected async leave({ name }: Sandbox, network: WrittenNetwork): Promise<void> {
    await this.#podman(name, ["network", "disconnect", network.name, name]);
  }

  async #write(container: string, network: WrittenNetwork): Promise<void> {
    const file = `${networksOf(container)}/${network.name}.conflist`;
    await this.node.files.write(file, JSON.stringify(network));
  }

  /** `joined` is the network that the call attaches a container to. */
  async #podman(container: string, argv: readonly string[], joined?: WrittenNetwork): Promise<string> {
    const { code, stdout, stderr } = await this.#exec([
      "--network-config-dir",
      networksOf(container),
      ...argv,
    ]);
    if (code === 0) return stdout;
    throw podmanRefusal(`${this.node.name}: podman ${argv.join(" ")}`, stderr || stdout, joined);
  }

  #exec(argv: readonly string[], options: { input?: string | Uint8Array } = {}): Promise<ExecResult> {
    return this.node.exec([podmanProgram, ...argv], { ...options, env: podmanEnvironment });
  }
}

const pluginSchema = z.object({
  capabilities: z.object({ aliases: z.boolean().optional() }).optional(),
  // What it is else is the plugin's to judge.
  ipam: z.object({ ranges: z.unknown().optional() }).optional().catch(undefined),
});

/** As much of a network's plugins as Podman itself goes by. */
function pluginsOf(network: WrittenNetwork): z.infer<typeof pluginSchema>[] {
  return z.object({ plugins: z.array(pluginSchema) }).parse(network).plugins;
}

/** Whether a plugin of the network is to be told the names of a container. */
function takesAliases(network: WrittenNetwork): boolean {
  return pluginsOf(network).some(({ capabilities }) => capabilities?.aliases === true);
}

/**
 * Something that Podman did not do, where it was to attach a container to `joined`. It takes addresses of the user's choice from what it
 * reads itself: `ranges` of host-local, in the first plugin.
 */
export function podmanRefusal(asked: string, words: string, joined?: WrittenNetwork): Error {
  const readsNone = joined !== undefined && pluginsOf(joined)[0]?.ipam?.ranges === undefined;
  return readsNone && /requested static ip \S+ not in any subnet on network/.test(words)
    ? new Unsupported("Podman looks for an address of the user's choice in `ranges` of host-local alone")
    : refusal(asked, words);
}

/** As `podman run --publish` reads it, which wants brackets around an IPv6 address. */
export function publishArgument({
  hostIP,
  hostPort,
  containerPort,
  protocol,
}: ReturnType<typeof chosenPort>): string {
  const address = hostIP === undefined ? "" : `${hostIP.includes(":") ? `[${hostIP}]` : hostIP}:`;
  return `${address}${hostPort}:${containerPort}/${protocol}`;
}

const assignments = Object.entries(podmanEnvironment).map(([name, value]) => `${name}=${value}`);
const networksOf = (container: string) => `${home}/networks/${container}`;
