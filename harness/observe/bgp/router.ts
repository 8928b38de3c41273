import type { Host } from "#harness/host/host.ts";
import { Bird } from "./bird.ts";
import { type Neighbor, protocolOf, type RouterSpec, routerConfig } from "./router-config.ts";
import { type Route, readRoutes, routeTo } from "./routes.ts";

interface RouterPlace extends Pick<RouterSpec, "as" | "behind" | "neighbors"> {
  /** On the wire to the nodes, without prefix: IPv4, and IPv6 where it has one. */
  readonly addresses: readonly string[];
}

/** A router of its own network namespace, with sessions to the nodes. */
export class Router {
  /** Of its namespace, and of its interface on the wire. */
  readonly name: string;
  readonly as: number;
  readonly addresses: readonly string[];
  /** What it announces, and behind which next hops that is. */
  readonly behind: RouterPlace["behind"];
  readonly #host: Host;
  readonly #bird: Bird;
  readonly #config: string;

  constructor(host: Host, name: string, { as, addresses, behind, neighbors }: RouterPlace) {
    this.name = name;
    this.as = as;
    this.addresses = addresses;
    this.behind = behind;
    this.#host = host;
    this.#bird = new Bird(host, { name, netns: name });
    this.#config = routerConfig({ as, address: addresses[0] ?? "", behind, neighbors });
  }

  start(): Promise<void> {
    return this.#bird.run(this.#config);
  }

  /** Ends it: all of its neighbours lose their session with it. */
  stop(): Promise<void> {
    return this.#bird.stop();
  }

  /** The state of its session with each of these addresses of a neighbour, e.g. `Established`. */
  async sessionsWith({ name, addresses }: Neighbor): Promise<string[]> {
    const states = new Map((await this.#bird.sessions()).map(({ protocol, state }) => [protocol, state]));
    return addresses.map((address) => states.get(protocolOf(name, address)) ?? "not configured");
  }

  /** Since when its session with each of these addresses of a neighbour is up: another time after a session ended and began again. */
  async upSince({ name, addresses }: Neighbor): Promise<string[]> {
    const since = new Map((await this.#bird.sessions()).map(({ protocol, since }) => [protocol, since]));
    return addresses.map((address) => since.get(protocolOf(name, address)) ?? "not configured");
  }

  /** Ends the sessions with a neighbour by a NOTIFICATION (RFC 4486: administrative shutdown), and begins none. */
  cut(neighbor: Neighbor): Promise<void> {
    return this.#each(neighbor, "disable");
  }

  /** Looks for the neighbour again. */
  restore(neighbor: Neighbor): Promise<void> {
    return this.#each(neighbor, "enable");
  }

  /** The route by which it forwards to an address, as a neighbour announced it. */
  async routeTo(address: string): Promise<Route | undefined> {
    return routeTo(await this.routes(address.includes(":") ? 6 : 4), address);
  }

  /** All that neighbours announced, and what lies behind it. */
  async routes(family: 4 | 6): Promise<Route[]> {
    const show = ["ip", "-json", `-${family}`, "-netns", this.name, "route", "show", "proto", "bird"];
    return readRoutes(await this.#host.run(show));
  }

  async #each({ name, addresses }: Neighbor, act: "disable" | "enable"): Promise<void> {
    for (const address of addresses) await this.#bird.command(act, protocolOf(name, address));
  }
}
