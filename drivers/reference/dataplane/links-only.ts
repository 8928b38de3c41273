import type { Host } from "#harness/host/host.ts";
import type { NodeDataplane } from "./fabric.ts";
import { addLinks, listDevices, removeLinks } from "./links.ts";
import type { NodePlan } from "./plan/node-plan.ts";

/**
 * Makes the interfaces that endpoints get and connects them to nothing: enough for an engine to start containers
 * and for the protocol suite, on a machine without Open vSwitch and without other nodes.
 */
export class LinksOnly implements NodeDataplane {
  readonly #host: Host;
  readonly #made = new Set<string>();
  /** What was there at the start: ours if the plan has it, and otherwise another plugin's. */
  #found = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  async start(): Promise<void> {
    this.#found = new Set(await listDevices(this.#host));
  }

  stop(): Promise<void> {
    return this.#remove([...this.#made]);
  }

  async apply({ ports }: NodePlan): Promise<void> {
    await this.#remove([...this.#made].filter((device) => !ports.some((port) => port.device === device)));
    for (const { device } of ports) if (this.#found.has(device)) this.#made.add(device);
    const missing = ports.filter(({ device }) => !this.#made.has(device));
    await addLinks(
      this.#host,
      missing.map(({ device, inner, mac }) => [
        `link add ${device} type veth peer name ${inner} address ${mac}`,
      ]),
    );
    for (const { device } of missing) this.#made.add(device);
  }

  /** Nobody is told of anything. */
  sessions(neighbors: number): Promise<string[]> {
    return Promise.resolve(Array.from({ length: neighbors }, () => "down"));
  }

  versions(): Promise<Record<string, string>> {
    return Promise.resolve({ datapath: "none" });
  }

  async #remove(devices: readonly string[]): Promise<void> {
    await removeLinks(this.#host, devices);
    for (const device of devices) {
      this.#made.delete(device);
      this.#found.delete(device);
    }
  }
}
