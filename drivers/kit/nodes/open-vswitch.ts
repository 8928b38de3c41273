import { z } from "zod";
import type { Scope } from "#harness/core/async/scope.ts";
import type { Host } from "#harness/host/host.ts";
import { startOpenVswitch, stopOpenVswitch } from "#harness/host/setup/open-vswitch.ts";

/** Without names of ports and tables, for which it would ask the switch each time: that takes as long as all the rest. */
const ofctl = ["ovs-ofctl", "-OOpenFlow14", "--no-names"] as const;

const rows = z.object({ data: z.array(z.array(z.unknown())) });

/** One bridge of Open vSwitch on a host. */
export class OvsBridge {
  readonly name: string;
  readonly #host: Host;
  /**
   * Port numbers are chosen here, so that flows stay valid while a container's interface is going: by name, a single
   * port that has just lost its device would make the whole table be refused.
   */
  readonly #numbers = new Map<string, number>();

  constructor(host: Host, name: string) {
    this.#host = host;
    this.name = name;
  }

  /**
   * Makes the bridge, starting Open vSwitch where it does not run yet. Uses the kernel's datapath where its module
   * is loaded and the userspace one otherwise. Throws `HarnessError` when Open vSwitch is not installed.
   */
  async create(): Promise<{ userspace: boolean; startedService: boolean }> {
    const startedService = await startOpenVswitch(this.#host);
    const userspace = !(await hasKernelDatapath(this.#host));
    await this.#vsctl([
      ...["--may-exist", "add-br", this.name, "--", "set", "bridge", this.name, "fail_mode=secure"],
      `datapath_type=${userspace ? "netdev" : "system"}`,
    ]);
    return { userspace, startedService };
  }

  async remove(): Promise<void> {
    await this.#vsctl(["--if-exists", "del-br", this.name]);
  }

  async stopService(): Promise<void> {
    await stopOpenVswitch(this.#host);
  }

  /** Ports by name, the bridge's own excepted: access tag or trunked tags, as text that compares. */
  async ports(): Promise<Map<string, string>> {
    const [names, ports, interfaces] = await Promise.all([
      this.#vsctl(["list-ports", this.name]),
      this.#list("port", ["name", "tag", "trunks"]),
      this.#list("interface", ["name", "ofport_request"]),
    ]);
    const own = new Set(names.split("\n").filter(Boolean));
    this.#numbers.clear();
    for (const [name, number] of interfaces) {
      if (own.has(String(name)) && typeof number === "number") this.#numbers.set(String(name), number);
    }
    return new Map(
      ports
        .filter(([name]) => own.has(String(name)))
        .map(([name, tag, trunks]) => [
          String(name),
          typeof tag === "number" ? accessTag(tag) : trunkTags(numbersOf(trunks)),
        ]),
    );
  }

  /** Applies changes to ports in one transaction. */
  async change(changes: { remove: readonly string[]; set: ReadonlyMap<string, string> }): Promise<void> {
    const commands = [
      ...changes.remove.map((device) => ["--if-exists", "del-port", this.name, device]),
      ...[...changes.set].map(([device, tags]) => [
        ...["--may-exist", "add-port", this.name, device, "--", "set", "port", device, ...tags.split(" ")],
        ...["--", "set", "interface", device, `ofport_request=${this.#numberOf(device)}`],
      ]),
    ];
    if (commands.length === 0) return;
    await this.#vsctl(commands.flatMap((command, index) => (index === 0 ? command : ["--", ...command])));
    for (const device of changes.remove) this.#numbers.delete(device);
  }

  /** Makes the flow table exactly `flows`, in one bundle. */
  async replaceFlows(flows: readonly string[]): Promise<void> {
    const byNumber = (_: string, what: string, device: string) => `${what}${this.#numberOf(device)}`;
    const lines = flows.map((flow) => flow.replaceAll(/\b(in_port=|output:)([^,]+)/g, byNumber));
    await this.#host.run([...ofctl, "--bundle", "replace-flows", this.name, "-"], {
      input: `${lines.join("\n")}\n`,
    });
  }

  /** Sends a frame as if it had come in through `device`. */
  async inject(device: string, frame: string): Promise<void> {
    const packet = `in_port=${this.#numberOf(device)},packet=${frame},actions=NORMAL`;
    await this.#host.run([...ofctl, "packet-out", this.name, packet]);
  }

  async version(): Promise<string> {
    return (await this.#host.run(["ovs-vsctl", "--version"])).split("\n")[0]?.replace(/^.* /, "") ?? "";
  }

  async #list(table: string, columns: readonly string[]): Promise<unknown[][]> {
    const output = await this.#vsctl(["--format=json", `--columns=${columns.join(",")}`, "list", table]);
    return rows.parse(JSON.parse(output)).data;
  }

  #numberOf(device: string): number {
    const known = this.#numbers.get(device);
    if (known !== undefined) return known;
    const taken = new Set(this.#numbers.values());
    let number = 1;
    while (taken.has(number)) number += 1;
    this.#numbers.set(device, number);
    return number;
  }

  #vsctl(argv: readonly string[]): Promise<string> {
    return this.#host.run(["ovs-vsctl", "--timeout=10", ...argv]);
  }
}

/** Starts Open vSwitch where it does not run yet; `scope` stops it again. Throws `HarnessError` when it is not installed. */
export async function openVSwitch(scope: Scope, host: Host): Promise<void> {
  if (await startOpenVswitch(host)) {
    scope.defer(`Open vSwitch on ${host.name}`, () => stopOpenVswitch(host));
  }
}

/** Whether the kernel has the module of Open vSwitch; without it bridges need the userspace datapath. */
export async function hasKernelDatapath(host: Host): Promise<boolean> {
  return (await host.exec(["test", "-d", "/sys/module/openvswitch"])).code === 0;
}

/** Settings of a port that carries one network, untagged. */
export function accessTag(tag: number): string {
  return `tag=${tag} trunks=[]`;
}

/** Settings of a port that carries exactly these networks, tagged. */
export function trunkTags(tags: readonly number[]): string {
  return `tag=[] trunks=[${[...tags].sort((one, other) => one - other).join(",")}]`;
}

/** OVSDB writes a set of one member as the member itself. */
function numbersOf(value: unknown): number[] {
  if (typeof value === "number") return [value];
  const [, members] = z.tuple([z.literal("set"), z.array(z.number())]).parse(value);
  return members;
}
