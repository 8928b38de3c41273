import { closeSync, mkdirSync, openSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faultyAnswer } from "#drivers/reference/faults/cni.ts";
import { listenLocally } from "#drivers/reference/hosts.ts";
import { ReferencePlugin } from "#drivers/reference/plugin.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import type { CniAnswer } from "./frontend.ts";
import { executable, executableName } from "./protocol/executable.ts";
import type { CniCall } from "./protocol/request.ts";
import { serveCall } from "./protocol/server.ts";

/** The network namespace from which the plugin's executable is called plays the host. */
class DomainHost extends LocalHost {
  readonly #path: string;

  /** `path` of the namespace. */
  constructor(name: string, path: string) {
    super(name);
    this.#path = path;
  }

  override spawn(...[argv, options]: Parameters<LocalHost["spawn"]>): ReturnType<LocalHost["spawn"]> {
    return super.spawn(["nsenter", `--net=${this.#path}`, ...argv], options);
  }
}

interface ServedNamespace {
  readonly plugin: ReferencePlugin;
  readonly name: string;
  /** Keeps the namespace, and with it its number, as long as the plugin knows something about it. */
  readonly handle: number;
}

/**
 * The plugin on this machine alone, where every network namespace from which it is called is a node with networks of its
 * own: what the CNI suite needs. Interfaces lead nowhere, so nothing but iproute2 and iptables has to be there.
 */
class LocalNamespaces {
  readonly #faults: ReadonlySet<string>;
  readonly #namespaces = new Map<string, Promise<ServedNamespace>>();

  constructor(faults: readonly string[]) {
    this.#faults = new Set(faults);
  }

  /** Answers a call of the executable that runs as process `pid`. */
  async answer(call: CniCall, pid: number): Promise<CniAnswer> {
    const path = `/proc/${pid}/ns/net`;
    const name = readlinkSync(path);
    const opened = this.#namespaces.get(name) ?? this.#open(name, path);
    this.#namespaces.set(name, opened);
    const { plugin } = await opened;
    return faultyAnswer(plugin.cni(name), call, this.#faults);
  }

  /** Forgets everything; what is in the namespaces goes with them. */
  async close(): Promise<void> {
    for (const namespace of this.#namespaces.values()) {
      const { plugin, handle } = await namespace;
      await plugin.uninstall();
      closeSync(handle);
    }
    this.#namespaces.clear();
  }

  async #open(name: string, path: string): Promise<ServedNamespace> {
    const handle = openSync(path, "r");
    const host = new DomainHost(name, `/proc/${process.pid}/fd/${handle}`);
    const nowhere = { device: "lo", address: "127.0.0.1" };
    const plugin = new ReferencePlugin([{ host, control: nowhere, data: nowhere }], {
      dataplane: "links",
      frontends: ["cni"],
    });
    for (const fault of this.#faults) plugin.faults.add(fault);
    await plugin.start();
    return { plugin, name, handle };
  }
}

/**
 * Puts the plugin's executable into a folder of this machine and answers its calls until it is closed, which takes the
 * executable away again. `faults` are the names of those that are on.
 */
export async function serveNamespaces(
  folder: string,
  faults: readonly string[] = [],
): Promise<{ path: string; close(): Promise<void> }> {
  const namespaces = new LocalNamespaces(faults);
  const path = join(folder, executableName);
  const socket = `${path}.sock`;
  mkdirSync(folder, { recursive: true });
  // What a process that was killed has left.
  rmSync(socket, { force: true });
  const listening = await listenLocally(socket, (stream) =>
    serveCall(stream, (call, pid) => namespaces.answer(call, pid)),
  );
  writeFileSync(path, executable(socket), { mode: 0o755 });
  return {
    path,
    close: async () => {
      for (const made of [path, socket]) rmSync(made, { force: true });
      await listening.close();
      await namespaces.close();
    },
  };
}
