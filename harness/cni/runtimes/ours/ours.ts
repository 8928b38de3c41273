import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CniAttachment } from "#harness/cni/protocol/request.ts";
import type { NetworkConfig } from "#harness/cni/runtime/config.ts";
import { networkConfigOf } from "#harness/cni/runtime/config.ts";
import { CniRuntime } from "#harness/cni/runtime/runtime.ts";
import { Recording } from "#harness/cni/runtimes/recording/recording.ts";
import {
  type NetworkList,
  portMapping,
  type RuntimeUnderTest,
} from "#harness/cni/runtimes/runtime-under-test.ts";
import { placePrefix, sweepPlaces } from "#harness/cni/testbed/place/place.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

/** What the project's own runtime is made of; a mutant has others. */
export interface RuntimeModules {
  readonly CniRuntime: typeof CniRuntime;
  readonly networkConfigOf: typeof networkConfigOf;
}

let made = 0;

/** The project's own runtime, with containers that are nothing but network namespaces. Needs root. */
export class OwnRuntime implements RuntimeUnderTest {
  readonly name = "netconform";
  readonly speaks = "1.1.0";
  readonly attachments = 2;
  readonly recording: Recording;
  readonly network: string;
  readonly #modules: RuntimeModules;
  readonly #host = new LocalHost();
  readonly #namespaces = new Map<string, string>();
  #runtime: CniRuntime;
  #lists = new Map<string, NetworkConfig>();

  private constructor(recording: Recording, network: string, modules: RuntimeModules) {
    this.recording = recording;
    this.network = network;
    this.#modules = modules;
    this.#runtime = this.#begin();
  }

  /** `folder`: of this machine, for what it keeps; it goes with the runtime. */
  static async start(
    folder: string,
    modules: RuntimeModules = { CniRuntime, networkConfigOf },
  ): Promise<OwnRuntime> {
    await sweepPlaces(new LocalHost());
    const { ino } = await stat("/proc/self/ns/net");
    return new OwnRuntime(await Recording.install(folder), String(ino), modules);
  }

  async configure(lists: readonly NetworkList[]): Promise<void> {
    this.#lists = new Map(lists.map((list) => [list.name, this.#modules.networkConfigOf(list, list.name)]));
    // Scenes are apart: what one has left is not the next one's.
    await rm(this.#cache, { recursive: true, force: true });
    await this.restart();
  }

  async add(container: string, networks: readonly string[]): Promise<void> {
    for (const [index, network] of networks.entries()) {
      await this.#runtime.add(this.#list(network), await this.#attachment(container, index));
    }
  }

  async del(container: string): Promise<void> {
    for (const [index, network] of [...this.#lists.values()].entries()) {
      await this.#runtime.del(network, await this.#attachment(container, index));
    }
  }

  async abandon(): Promise<void> {}

  async check(container: string, network: string): Promise<void> {
    await this.#runtime.check(this.#list(network), await this.#attachment(container, 0));
  }

  async gc(network: string, valid: readonly string[]): Promise<void> {
    const attachments = await Promise.all(valid.map((container) => this.#attachment(container, 0)));
    await this.#runtime.gc(this.#list(network), attachments);
  }

  async status(network: string): Promise<void> {
    await this.#runtime.status(this.#list(network));
  }

  async restart(): Promise<void> {
    this.#runtime = this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#namespaces.values()) await this.#host.exec(["ip", "netns", "del", name]);
    await rm(this.recording.folder, { recursive: true, force: true });
  }

  #begin(): CniRuntime {
    const { CniRuntime: Runtime } = this.#modules;
    return new Runtime({ host: this.#host, path: [this.recording.bin], cacheFolder: this.#cache });
  }

  get #cache(): string {
    return join(this.recording.folder, "cache");
  }

  #list(network: string): NetworkConfig {
    const list = this.#lists.get(network);
    if (list) return list;
    throw new HarnessError(`no list of ${network}`);
  }

  /** The same for every call about a container's interface. */
  async #attachment(container: string, index: number): Promise<CniAttachment> {
    let name = this.#namespaces.get(container);
    if (name === undefined) {
      made += 1;
      name = `${placePrefix}${made}`;
      this.#namespaces.set(container, name);
      await this.#host.run(["ip", "netns", "add", name]);
    }
    return {
      containerId: container,
      netns: `/run/netns/${name}`,
      ifName: `eth${index}`,
      args: { IgnoreUnknown: "1", NAME: container },
      capabilityArgs: { portMappings: [portMapping] },
    };
  }
}
