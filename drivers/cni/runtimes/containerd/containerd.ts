import { createServer } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { z } from "zod";
import { LibcniWorkloads } from "#drivers/cni/runtimes/libcni-workloads.ts";
import { refusal } from "#drivers/cni/runtimes/refusal.ts";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { CriClient } from "#harness/cni/runtimes/containerd/cri.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError, Unsupported } from "#harness/core/errors.ts";
import { disposableFolder } from "#harness/core/process/scratch.ts";
import type { CniWorkload, Sandbox } from "#harness/workload/cni/attachment.ts";
import { chosenPort, type WantedWorkload } from "#harness/workload/cni/workload-runtime.ts";
import { containerdSocket, runc } from "./containerd-install.ts";
import { Handlers } from "./handlers.ts";

/** `Protocol` of the Container Runtime Interface. */
const protocols = { tcp: 0, udp: 1, sctp: 2 } as const;

const infoSchema = z.object({ pid: z.number() });

/** containerd on a node, asked over the Container Runtime Interface: a workload is the sandbox of a pod. */
export class ContainerdWorkloads extends LibcniWorkloads {
  readonly #handlers: Handlers;

  constructor(node: ClusterNode) {
    super(node);
    this.#handlers = new Handlers(node);
  }

  async version(): Promise<string> {
    const { runtimeVersion } = await this.#asked("Version", (cri) => cri.call("Version"));
    return `containerd ${runtimeVersion.replace(/^v/, "")}`;
  }

  async run(scope: Scope, wanted: WantedWorkload): Promise<CniWorkload> {
    const { name, network, ip, ip6, publish = [], bare } = wanted;
    if (bare) throw new Unsupported("containerd attaches pods, and no bare namespaces");
    if (ip || ip6)
      throw new Unsupported("the Container Runtime Interface has no address of the user's choice");
    const portMappings = publish.map(chosenPort).map(({ protocol, hostIP, ...ports }) => ({
      ...{ ...ports, protocol: protocols[protocol] },
      ...(hostIP === undefined ? {} : { hostIp: hostIP }),
    }));
    const node = this.node;
    const runtimeHandler = await this.#handlers.take(scope, network, (ready) =>
      this.#asked("Status", (cri) =>
        until(
          { what: `containerd on ${node.name} to read ${network.name}`, deadlineMs: 20_000 },
          async () => {
            const { info } = await cri.call("Status", { verbose: true });
            return ready(info);
          },
        ),
      ),
    );
    const asked = `${node.name}: RunPodSandbox of ${name} in ${network.name}`;
    scope.defer(`pod ${name}`, () => this.#removePod(name));
    const { podSandboxId: id } = await this.#asked(asked, (cri) =>
      cri.call("RunPodSandbox", {
        runtimeHandler,
        config: {
          metadata: { name, uid: name, namespace: "netconform", attempt: 0 },
          ...{ hostname: name, portMappings, linux: {} },
        },
      }),
    );
    const { info } = await this.#asked(asked, (cri) =>
      cri.call("PodSandboxStatus", { podSandboxId: id, verbose: true }),
    );
    const { pid } = infoSchema.parse(JSON.parse(info.info ?? "{}"));
    const byHand = (argv: readonly string[]) => [...runc, "exec", id, ...argv];
    const sandbox: Sandbox = {
      ...{ name, id, node, netns: `/proc/${pid}/ns/net` },
      byHand,
      exec: (argv, options) => node.exec(byHand(argv), options),
    };
    return this.attached(scope, sandbox, network);
  }

  connect(): Promise<CniWorkload> {
    throw new Unsupported("the Container Runtime Interface adds no network to a pod that runs");
  }

  protected leave(): Promise<void> {
    throw new Unsupported("the Container Runtime Interface takes no network from a pod that runs");
  }

  /** A sandbox is stopped by its removal. Stopped beforehand, it would have DEL called once more. */
  async #removePod(name: string): Promise<void> {
    await this.#asked(`${this.node.name}: the end of the pod ${name}`, async (cri) => {
      const { items } = await cri.call("ListPodSandbox");
      for (const { id, metadata } of items) {
        if (metadata.name !== name) continue;
        await cri.call("RemovePodSandbox", { podSandboxId: id });
        await this.calls.read(id);
      }
    });
  }

  /** Has a client for as long as `use` takes: a connection that stayed would keep this process from its end. */
  async #asked<T>(what: string, use: (cri: CriClient) => Promise<T>): Promise<T> {
    using scratch = disposableFolder();
    const socket = join(scratch.path, "containerd.sock");
    const server = createServer((client) => {
      this.node.connectSocket(containerdSocket).then(
        (daemon) => {
          pipeline(client, daemon, () => {});
          pipeline(daemon, client, () => {});
        },
        () => client.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      using cri = new CriClient(socket);
      return await use(cri);
    } catch (error) {
      if (error instanceof HarnessError && error.name === "HarnessError") throw refusal(what, error.message);
      throw error;
    } finally {
      server.close();
    }
  }
}
