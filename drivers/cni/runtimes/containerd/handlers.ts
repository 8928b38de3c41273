import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { WrittenNetwork } from "#harness/workload/cni/workload-runtime.ts";
import { freeFolder, handlersFolder } from "./containerd-install.ts";

/** Runs `ready` of what containerd tells with its status until it is true. */
type WaitFor = (ready: (info: Readonly<Record<string, string>>) => boolean) => Promise<unknown>;

interface Taken {
  readonly handler: Promise<string>;
  users: number;
}

const take = 'for one in "$1"/*; do rmdir "$one" 2>/dev/null && { basename "$one"; exit 0; }; done; exit 1';

/** The runtime handlers of a node's containerd: each has one network configuration while it has users. */
export class Handlers {
  readonly #node: ClusterNode;
  /** By the text of the configuration. */
  readonly #taken = new Map<string, Taken>();

  constructor(node: ClusterNode) {
    this.#node = node;
  }

  /** The handler that has this configuration, loaded, until `scope` closes. Throws `HarnessError` where all have others. */
  async take(scope: Scope, network: WrittenNetwork, waitFor: WaitFor): Promise<string> {
    const text = JSON.stringify(network);
    const taken = this.#taken.get(text) ?? { handler: this.#load(text, waitFor), users: 0 };
    this.#taken.set(text, taken);
    taken.users++;
    scope.defer(`the runtime handler of ${network.name}`, async () => {
      taken.users--;
      if (taken.users > 0) return;
      this.#taken.delete(text);
      await this.#unload(await taken.handler, waitFor);
    });
    return taken.handler;
  }

  async #load(text: string, waitFor: WaitFor): Promise<string> {
    const { code, stdout } = await this.#node.exec(["sh", "-c", take, "sh", freeFolder]);
    if (code !== 0) throw new HarnessError(`${this.#node.name}: all networks of containerd are in use`);
    const handler = stdout.trim();
    const folder = `${handlersFolder}/${handler}`;
    await this.#node.files.write(`${folder}/next`, text);
    // Within the folder: containerd takes notice of files that are written or go away, not of those that come.
    await this.#node.run(["mv", `${folder}/next`, `${folder}/10.conflist`]);
    await waitFor((info) => info[statusOf(handler)] === "OK");
    return handler;
  }

  async #unload(handler: string, waitFor: WaitFor): Promise<void> {
    await this.#node.run(["rm", `${handlersFolder}/${handler}/10.conflist`]);
    await waitFor((info) => info[statusOf(handler)] !== "OK");
    await this.#node.run(["mkdir", `${freeFolder}/${handler}`]);
  }
}

/** Whether a handler's folder has a configuration that could be read. */
const statusOf = (handler: string) => `lastCNILoadStatus.${handler}`;
