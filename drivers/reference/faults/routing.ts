import type { FirewallRule, NodeRoute, RoutingPlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import { addressesOf } from "#drivers/reference/dataplane/plan/routing-plan.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import type { State } from "#drivers/reference/model/state/state.ts";
import { addressOf, familyOf } from "#harness/core/ip.ts";
import { wrongSpeakers } from "./speakers.ts";

interface Place {
  readonly node: string;
  readonly dataDevice: string;
}

/** Plans of a node's routes and speaker that break them as the faults that are on say. */
export class RoutingFaults {
  readonly #faults: ReadonlySet<string>;
  /** The node that had an address first. */
  readonly #firstNodes = new Map<string, string>();
  /** By node: every address that it had a route to. */
  readonly #past = new Map<string, Set<string>>();

  constructor(faults: ReadonlySet<string>) {
    this.#faults = faults;
  }

  broken(plan: RoutingPlan, state: Readonly<State>, place: Place): RoutingPlan {
    const { speaker } = plan;
    return {
      ...plan,
      routes: [
        ...this.#moved(plan.routes, place),
        ...this.#dead(plan.routes, state, place),
        ...this.#others(state, place),
      ],
      rules: [
        ...plan.rules,
        ...(speaker && this.#on("announced-and-translated") ? [translation(place)] : []),
      ],
      ...(speaker ? { speaker: { ...speaker, config: this.#config(speaker.config) } } : {}),
    };
  }

  /** What was remembered while a fault was on is nothing to the next one. */
  forget(): void {
    this.#firstNodes.clear();
    this.#past.clear();
  }

  #on(fault: ReferenceFaultName): boolean {
    return this.#faults.has(fault);
  }

  #moved(routes: readonly NodeRoute[], { node }: Place): NodeRoute[] {
    return routes.map((route) => {
      const first = this.#firstNodes.get(route.address) ?? node;
      this.#firstNodes.set(route.address, first);
      return this.#on("moved-address-unannounced") && first !== node ? { ...route, announced: false } : route;
    });
  }

  /** Routes that lead nowhere and are announced all the same. */
  #dead(
    routes: readonly NodeRoute[],
    { endpoints, networks, speakers }: Readonly<State>,
    { node }: Place,
  ): NodeRoute[] {
    if (!speakers[node]) return [];
    const past = this.#past.get(node) ?? new Set();
    this.#past.set(node, past);
    const here = routes.map(({ address }) => address);
    for (const address of here) past.add(address);
    const gone = [...past].filter((address) => !here.includes(address));
    const bridged = Object.values(endpoints).filter(
      (endpoint) => endpoint.node === node && networks[endpoint.network]?.encap !== "routed",
    );
    const addresses = [
      ...(this.#on("route-outlives-endpoint") ? gone : []),
      ...(this.#on("everything-announced") ? bridged.flatMap(addressesOf) : []),
    ];
    return addresses.map((address) => ({ address, announced: true }));
  }

  #config(right: string): string {
    return Object.entries(wrongSpeakers)
      .filter(([name]) => this.#faults.has(name))
      .reduce((config, [, wrong]) => wrong(config), right);
  }

  /** Routes to what is on other nodes, as if it were here. */
  #others({ endpoints, networks, speakers }: Readonly<State>, { node, dataDevice }: Place): NodeRoute[] {
    // A node that is not on the wire yet has no way there.
    if (!this.#on("announced-by-every-node") || !speakers[node]) return [];
    return Object.values(endpoints).flatMap(({ node: other, network, sandbox, ipv4 }) => {
      const via = speakers[other]?.addresses.map(addressOf).find((address) => familyOf(address) === 4);
      if (other === node || !via || !sandbox || networks[network]?.encap !== "routed") return [];
      return [{ address: addressOf(ipv4), device: dataDevice, via, announced: true }];
    });
  }
}

/** Whatever the node forwards to the wire leaves with its address. */
function translation({ dataDevice }: Place): FirewallRule {
  const forwarded = ["-o", dataDevice, "-m", "addrtype", "!", "--src-type", "LOCAL"];
  return [4, "nat", "POSTROUTING", ...forwarded, "-j", "MASQUERADE"];
}
