import { closeSync, openSync, readlinkSync } from "node:fs";
import { LocalHost } from "#harness/host/local-host.ts";
import { faultyAnswer } from "../faults/cni.ts";
import { ReferencePlugin } from "../plugin.ts";
import type { CniAnswer } from "./face.ts";
import type { CniCall } from "./request.ts";

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

interface Domain {
  readonly plugin: ReferencePlugin;
  readonly name: string;
  /** Keeps the namespace, and with it its number, as long as the plugin knows something about it. */
  readonly handle: number;
}

/**
 * The plugin on this machine alone, where every network namespace from which it is called is a node with networks of its
 * own: what the CNI tier needs. Interfaces lead nowhere, so nothing but iproute2 and iptables has to be there.
 */
export class LocalDomains {
  /** Names of the faults that are on. */
  readonly faults = new Set<string>();
  readonly #domains = new Map<string, Promise<Domain>>();

  /** Answers a call of the executable that runs as process `pid`. */
  async answer(call: CniCall, pid: number): Promise<CniAnswer> {
    const path = `/proc/${pid}/ns/net`;
    const name = readlinkSync(path);
    const opened = this.#domains.get(name) ?? this.#open(name, path);
    this.#domains.set(name, opened);
    const { plugin } = await opened;
    return faultyAnswer(plugin.cni(name), call, this.faults);
  }

  /** Forgets everything; what is in the namespaces goes with them. */
  async close(): Promise<void> {
    for (const domain of this.#domains.values()) {
      const { plugin, handle } = await domain;
      await plugin.uninstall();
      closeSync(handle);
    }
    this.#domains.clear();
  }

  async #open(name: string, path: string): Promise<Domain> {
    const handle = openSync(path, "r");
    const host = new DomainHost(name, `/proc/${process.pid}/fd/${handle}`);
    const nowhere = { device: "lo", address: "127.0.0.1" };
    const plugin = new ReferencePlugin([{ host, control: nowhere, data: nowhere }], {
      dataplane: "links",
      faces: ["cni"],
    });
    for (const fault of this.faults) plugin.faults.add(fault);
    await plugin.start();
    return { plugin, name, handle };
  }
}
