import { z } from "zod";
import { ipBatch } from "#drivers/reference/dataplane/links.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { listLinks, parseLinks } from "#harness/workload/links.ts";
import type { Link } from "#harness/workload/workload.ts";

const routes = z.array(z.looseObject({ dst: z.string(), dev: z.string().optional() }));

/** An interface as wanted inside the namespace. */
export interface InnerLink {
  /** Its name on the node, before it is moved. */
  readonly device: string;
  readonly name: string;
  /** CIDRs. */
  readonly addresses: readonly string[];
  readonly routes: readonly { readonly dst: string; readonly gw?: string }[];
}

/** A container's network namespace, by its path on the node. */
export class Sandbox {
  readonly #host: Host;
  readonly #path: string;

  constructor(host: Host, path: string) {
    this.#host = host;
    this.#path = path;
  }

  /** Its interfaces, or `undefined` where there is no such namespace. */
  async links(): Promise<Link[] | undefined> {
    const listed = await this.#host.exec(this.#inside(listLinks));
    return listed.code === 0 ? parseLinks(listed.stdout) : undefined;
  }

  /** Destinations of the routes of an interface, as CIDRs. */
  async routes(name: string): Promise<string[]> {
    const shown = await this.#host.exec(this.#inside(["ip", "-json", "-4", "route", "show", "dev", name]));
    if (shown.code !== 0) return [];
    return routes
      .parse(JSON.parse(shown.stdout || "[]"))
      .map(({ dst }) => (dst === "default" ? "0.0.0.0/0" : dst.includes("/") ? dst : `${dst}/32`));
  }

  /** Moves interfaces in and sets them up. */
  async take(links: readonly InnerLink[]): Promise<void> {
    await ipBatch(
      this.#host,
      links.map(({ device }) => `link set ${device} netns ${this.#path}`),
    );
    const withIpv6 = links.filter(({ addresses }) => addresses.some((address) => address.includes(":")));
    for (const { device } of withIpv6) {
      // Engines switch it off in namespaces that they make.
      const script = 'echo 0 >"/proc/sys/net/ipv6/conf/$1/disable_ipv6"';
      await this.#host.run(this.#inside(["sh", "-c", script, "sh", device]));
    }
    await this.#run([
      ...links.map(({ device, name }) => `link set ${device} name ${name}`),
      ...links.flatMap(({ name, addresses, routes }) => [
        ...addresses.map(
          (address) => `address add ${address} dev ${name}${address.includes(":") ? " nodad" : ""}`,
        ),
        `link set ${name} up`,
        // The container may have such a route already, through another interface.
        ...routes.map(({ dst, gw }) => `route append ${dst} ${gw ? `via ${gw} ` : ""}dev ${name}`),
      ]),
    ]);
  }

  async #run(lines: readonly string[]): Promise<void> {
    const input = `${lines.join("\n")}\n`;
    const done = await this.#host.exec(this.#inside(["ip", "-batch", "-"]), { input });
    if (done.code !== 0) throw new HarnessError(`${this.#path}: ${done.stderr.trim()}`);
  }

  #inside(argv: readonly string[]): string[] {
    return ["nsenter", `--net=${this.#path}`, ...argv];
  }
}
