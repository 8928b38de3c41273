import type Docker from "dockerode";
import { allEnded } from "#harness/core/async/all-ended.ts";
import { until } from "#harness/core/async/poll.ts";
import { HarnessError } from "#harness/core/errors.ts";
import type { Host } from "#harness/host/host.ts";
import { Refusal } from "./model/refusal.ts";
import { defaultTenant, keyOf, type State } from "./model/state/state.ts";

/** A network of the plugin, or of a group that draws on it, as engines are asked for it. */
export interface EngineNetwork {
  readonly tenant: string;
  /** Name of the plugin's network within the tenant. */
  readonly network: string;
  readonly group?: string;
  readonly encap?: string;
  readonly tag?: number;
}

/** What `docker network create` is told beside the subnets, for a plugin of that name. */
export function dockerNetwork(driver: string, { tenant, network, group, encap, tag }: EngineNetwork) {
  return {
    name: dockerName(group ?? network, tenant),
    driver,
    ipamDriver: driver,
    ipamOptions: { tenant },
    options: {
      tenant,
      network,
      ...(group === undefined ? {} : { group }),
      ...(encap === undefined ? {} : { encap }),
      ...(tag === undefined ? {} : { tag: String(tag) }),
    },
  };
}

/** Docker's network names are one space for all tenants of an engine. */
export function dockerName(name: string, tenant: string): string {
  return tenant === defaultTenant ? name : `${name}/${tenant}`;
}

/** Subnets are CIDRs, the gateway an address without prefix. */
export interface Subnets {
  readonly subnet?: string | undefined;
  readonly gateway?: string | undefined;
  readonly subnet6?: string | undefined;
}

interface EngineNode {
  readonly host: Host;
  readonly docker?: Docker;
}

const removalMs = 20_000;

/** The plugin's networks on the engines of all nodes, made and removed through the engines' API as `docker network` does. */
export class EngineNetworks {
  readonly #engines: ReadonlyMap<string, Docker>;
  readonly #driver: string;

  /** `driver` is the name by which engines know the plugin. */
  constructor(nodes: readonly EngineNode[], driver: string) {
    this.#engines = new Map(
      nodes.flatMap(({ host, docker }) => (docker ? [[host.name, docker] as const] : [])),
    );
    this.#driver = driver;
  }

  /** Whether engines are served at all; runtimes make their networks by themselves. */
  get served(): boolean {
    return this.#engines.size > 0;
  }

  /**
   * Makes it on every engine, or on none. Without a subnet the first engine has the plugin choose one, which `state` then
   * tells the others. Throws `Refusal` with the engine's words.
   */
  async create(asked: EngineNetwork, subnets: Subnets, state: () => Readonly<State>): Promise<void> {
    const [first, ...others] = this.#engines.keys();
    if (first === undefined) throw new HarnessError("no engine is served");
    const made: string[] = [];
    const create = async (node: string, given: Subnets) => {
      await this.#createOn(node, asked, given);
      made.push(node);
    };
    try {
      await create(first, subnets);
      const { subnet } = state().networks[keyOf(asked.tenant, asked.network)] ?? {};
      await allEnded(others.map((node) => create(node, { ...subnets, subnet: subnets.subnet ?? subnet })));
    } catch (error) {
      const { name } = dockerNetwork(this.#driver, asked);
      await Promise.allSettled(made.map((node) => this.#removeFrom(node, name)));
      throw error;
    }
  }

  /** Removes engines' networks by their ids. Throws `Refusal` where a container is attached, before anything goes. */
  async remove(networks: readonly { node: string; id: string }[]): Promise<void> {
    await Promise.all(networks.map(({ node, id }) => this.#refuseUsed(node, id)));
    await allEnded(networks.map(({ node, id }) => this.#removeFrom(node, id)));
  }

  async #createOn(node: string, asked: EngineNetwork, { subnet, gateway, subnet6 }: Subnets): Promise<void> {
    const { name, driver, ipamDriver, ipamOptions, options } = dockerNetwork(this.#driver, asked);
    const ipv4 = { ...(subnet ? { Subnet: subnet } : {}), ...(gateway ? { Gateway: gateway } : {}) };
    const ipam = [...(subnet || gateway ? [ipv4] : []), ...(subnet6 ? [{ Subnet: subnet6 }] : [])];
    await ask(
      node,
      this.#engine(node).createNetwork({
        Name: name,
        Driver: driver,
        CheckDuplicate: true,
        EnableIPv6: subnet6 !== undefined,
        IPAM: { Driver: ipamDriver, Config: ipam, Options: ipamOptions },
        Options: options,
        Labels: { netconform: "network" },
      }),
    );
  }

  async #refuseUsed(node: string, id: string): Promise<void> {
    const inspected = await this.#inspect(node, id);
    const [used] = Object.values(inspected?.Containers ?? {});
    if (used) throw new Refusal(`${node}: network ${inspected?.Name} is in use by container ${used.Name}`);
  }

  /** `undefined` where the engine has no such network. */
  async #inspect(node: string, id: string): Promise<Docker.NetworkInspectInfo | undefined> {
    try {
      return await this.#engine(node).getNetwork(id).inspect();
    } catch (error) {
      if ((error as EngineError).statusCode === 404) return undefined;
      throw error;
    }
  }

  /** An engine refuses while it still tears an endpoint down, of a container that it does not list any more. */
  async #removeFrom(node: string, network: string): Promise<void> {
    const there = this.#engine(node).getNetwork(network);
    await until(
      { what: `network ${network} to be removable on ${node}`, deadlineMs: removalMs },
      async () => {
        await ask(node, there.remove()).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
        return true;
      },
    );
  }

  #engine(node: string): Docker {
    const engine = this.#engines.get(node);
    if (!engine) throw new HarnessError(`the engine of ${node} is not served`);
    return engine;
  }
}

/** Calls an engine. Throws `Refusal` with its words when it answers that it will not. */
async function ask<T>(node: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const { statusCode, json, message } = error as EngineError;
    if (statusCode === undefined) throw error;
    throw new Refusal(`${node}: ${json?.message ?? message}`, { cause: error });
  }
}

interface EngineError extends Error {
  readonly statusCode?: number;
  readonly json?: { message?: string };
}

function isMissing(error: unknown): boolean {
  return error instanceof Refusal && (error.cause as EngineError | undefined)?.statusCode === 404;
}
