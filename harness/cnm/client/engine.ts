import { randomInt } from "node:crypto";
import type { ReadExchange } from "#harness/cnm/protocol/exchange.ts";
import {
  endpointNameKey,
  exposedPortsKey,
  gatewayAddressType,
  genericOptionsKey,
  type IpamData,
  macAddressKey,
  portMapKey,
  requestAddressTypeKey,
} from "#harness/cnm/protocol/protocol.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { bareAddress, isCidr, networkOf, nthAddress, prefixOf } from "#harness/core/ip.ts";
import type { Subsystem } from "#suites/requirements/applicability/applies-to.ts";
import { addressIn, granted, textField, unlike } from "./answers.ts";
import { PluginClient } from "./client.ts";
import { type Saying, says } from "./dialect.ts";
import { randomId, randomMac, randomPool } from "./random.ts";

/** What a plugin said of itself when the engine loaded it. */
export interface PluginFacts {
  readonly subsystems: ReadonlySet<string>;
  readonly scope: string;
  readonly gwAllocChecker: boolean;
  readonly requiresMac: boolean;
  readonly requiresReplay: boolean;
  /** Default address spaces; empty text where the plugin gives no name. */
  readonly spaces: { readonly local: string; readonly global: string };
}

/** A network that exists in the plugin. */
export interface PlayedNetwork {
  readonly id: string;
  /** CIDR of the IPv4 pool. */
  readonly pool: string;
  /** Present when the plugin's IPAM gave the pool. */
  readonly poolId: string | undefined;
  /** Without prefix. */
  readonly gateway: string;
}

/** An endpoint that exists in the plugin. */
export interface PlayedEndpoint {
  readonly network: PlayedNetwork;
  readonly id: string;
  /** CIDR. */
  readonly address: string;
  readonly created: ReadExchange;
}

/**
 * Plays the engine's part over a plugin's socket: the calls of `docker network create`, `docker run` and their undoing,
 * in the order and with the options of the engine that its client speaks as, without an engine. What it makes goes with
 * `scope`.
 */
export class PlayedEngine {
  readonly client: PluginClient;
  readonly facts: PluginFacts;
  /** Undoes what was made; apart, so that what a test did stays readable. */
  readonly #tidier: PluginClient;
  readonly #scope: Scope;
  readonly #options: Readonly<Record<string, string>>;

  constructor(parts: {
    client: PluginClient;
    facts: PluginFacts;
    scope: Scope;
    /** What a user would give as `-o key=value`. */
    options?: Readonly<Record<string, string>>;
  }) {
    this.client = parts.client;
    this.#tidier = new PluginClient(parts.client.socket, "clean-up", { engine: parts.client.engine });
    this.facts = parts.facts;
    this.#scope = parts.scope;
    this.#options = parts.options ?? {};
  }

  /** Whether the engine that is played says that. */
  says(saying: Saying): boolean {
    return says(this.client.engine, saying);
  }

  /** Name of the address space that networks of this plugin live in. */
  get space(): string {
    return this.facts.scope.toLowerCase() === "global" ? this.facts.spaces.global : this.facts.spaces.local;
  }

  /** Requests a pool and releases it with the scope. `pool` empty asks for one of the plugin's choice. */
  async requestPool(
    pool: string,
    more: { SubPool?: string; V6?: boolean; Options?: Record<string, string> } = {},
  ): Promise<ReadExchange> {
    if (this.says("address spaces of each pool"))
      await this.client.call("IpamDriver.GetDefaultAddressSpaces");
    const result = await this.client.call("IpamDriver.RequestPool", {
      AddressSpace: this.space,
      Pool: pool,
      SubPool: "",
      Options: {},
      V6: false,
      ...more,
    });
    const id = textField(result, "PoolID");
    if (result.succeeded && id) {
      this.#scope.defer(`pool ${id}`, () => this.#tidier.call("IpamDriver.ReleasePool", { PoolID: id }));
    }
    return result;
  }

  /** A pool that must be had for the test to go on: its id, and its CIDR, which is the one that was asked for. */
  async pool(pool = randomPool(), more: Parameters<PlayedEngine["requestPool"]>[1] = {}) {
    const result = granted(await this.requestPool(pool, more));
    const id = textField(result, "PoolID");
    const cidr = textField(result, "Pool");
    if (!id) throw unlike(result, "a PoolID");
    if (!isCidr(cidr) || networkOf(cidr) !== networkOf(pool)) throw unlike(result, `the pool ${pool}`);
    return { id, cidr, result };
  }

  /**
   * Requests an address of a pool and releases it with the scope; empty `address` asks for any. Without options, as
   * engines ask for an auxiliary address, they are `null`.
   */
  async requestAddress(
    poolId: string,
    address = "",
    options: Readonly<Record<string, string>> | null = this.addressOptions(),
  ): Promise<ReadExchange> {
    const result = await this.client.call("IpamDriver.RequestAddress", {
      PoolID: poolId,
      Address: address,
      Options: options,
    });
    const got = textField(result, "Address");
    if (result.succeeded && got) {
      this.#scope.defer(`address ${got}`, () =>
        this.#tidier.call("IpamDriver.ReleaseAddress", { PoolID: poolId, Address: bareAddress(got) }),
      );
    }
    return result;
  }

  /** An address that must be had for the test to go on, without prefix. */
  async address(poolId: string, address = ""): Promise<string> {
    return addressIn(granted(await this.requestAddress(poolId, address)));
  }

  /** Options of an endpoint's address request: its name, and its MAC where the plugin needs it. */
  addressOptions(): Record<string, string> | null {
    const named = this.says("name of the endpoint");
    if (!named && !this.facts.requiresMac) return null;
    return {
      ...(named ? { [endpointNameKey]: `c-${randomId().slice(0, 8)}` } : {}),
      ...(this.facts.requiresMac ? { [macAddressKey]: randomMac() } : {}),
    };
  }

  /**
   * The calls before CreateNetwork: GwAllocCheck where declared, then pool and gateway from the plugin's IPAM, or what
   * another IPAM would give.
   */
  async prepareNetwork(cidr = randomPool()): Promise<PlayedNetwork> {
    const id = randomId();
    if (this.facts.gwAllocChecker && this.says("gateway check")) {
      await this.client.call("NetworkDriver.GwAllocCheck", { Options: this.networkOptions() });
    }
    if (!this.facts.subsystems.has("IpamDriver" satisfies Subsystem)) {
      return { id, pool: cidr, poolId: undefined, gateway: nthAddress(cidr, 1) };
    }
    if (this.says("address spaces of each network")) {
      await this.client.call("IpamDriver.GetDefaultAddressSpaces");
    }
    const pool = await this.pool(cidr);
    const gateway = granted(
      await this.requestAddress(pool.id, "", { [requestAddressTypeKey]: gatewayAddressType }),
    );
    return {
      id,
      pool: pool.cidr,
      poolId: pool.id,
      gateway: addressIn(gateway),
    };
  }

  /** Options of CreateNetwork, and of the GwAllocCheck before it; `options` as a user gives them with `-o`. */
  networkOptions(options: Record<string, string> = {}, ipv4 = true): Record<string, unknown> {
    return {
      ...(this.says("whether there is IPv4") ? { "com.docker.network.enable_ipv4": ipv4 } : {}),
      "com.docker.network.enable_ipv6": !ipv4,
      [genericOptionsKey]: { ...this.#options, ...options },
    };
  }

  /** CreateNetwork. Deletes the network with the scope. */
  async createNetwork(network: PlayedNetwork, options: Record<string, string> = {}): Promise<ReadExchange> {
    this.forgetWithScope(network.id);
    return this.client.call("NetworkDriver.CreateNetwork", {
      NetworkID: network.id,
      Options: this.networkOptions(options),
      IPv4Data: this.ipamData(network),
      IPv6Data: [],
    });
  }

  /** Deletes a network with the scope. */
  forgetWithScope(id: string): void {
    this.#scope.defer(`network ${id}`, () =>
      this.#tidier.call("NetworkDriver.DeleteNetwork", { NetworkID: id }),
    );
  }

  ipamData(network: PlayedNetwork): IpamData[] {
    return [
      {
        AddressSpace: this.space,
        Pool: network.pool,
        Gateway: `${network.gateway}/${prefixOf(network.pool)}`,
        AuxAddresses: {},
      },
    ];
  }

  /** A network that must exist for the test to go on. */
  async network(cidr?: string): Promise<PlayedNetwork> {
    const network = await this.prepareNetwork(cidr);
    granted(await this.createNetwork(network));
    return network;
  }

  /** Requests the endpoint's address as the engine does, without prefix lost: a CIDR. */
  async endpointAddress(network: PlayedNetwork): Promise<string> {
    const address =
      network.poolId === undefined
        ? nthAddress(network.pool, randomInt(10, 250))
        : await this.address(network.poolId);
    return `${address}/${prefixOf(network.pool)}`;
  }

  /** CreateEndpoint with the addresses given; empty texts are for the plugin to fill in. Deletes it with the scope. */
  createEndpoint(
    network: PlayedNetwork,
    id: string,
    given: { Address: string; MacAddress?: string },
  ): Promise<ReadExchange> {
    this.#scope.defer(`endpoint ${id}`, () =>
      this.#tidier.call("NetworkDriver.DeleteEndpoint", { NetworkID: network.id, EndpointID: id }),
    );
    return this.client.call("NetworkDriver.CreateEndpoint", {
      NetworkID: network.id,
      EndpointID: id,
      Interface: { AddressIPv6: "", MacAddress: "", ...given },
      Options: { [exposedPortsKey]: [], [portMapKey]: [] },
    });
  }

  /** An endpoint that must exist for the test to go on. */
  async endpoint(network: PlayedNetwork): Promise<PlayedEndpoint> {
    const id = randomId();
    const address = await this.endpointAddress(network);
    const created = granted(await this.createEndpoint(network, id, { Address: address }));
    return { network, id, address, created };
  }

  /** Join, with what the engine asks right after it; the engine's Leave follows with the scope. */
  async join({ network, id }: Pick<PlayedEndpoint, "network" | "id">): Promise<ReadExchange> {
    const ids = { NetworkID: network.id, EndpointID: id };
    const result = await this.client.call("NetworkDriver.Join", {
      ...ids,
      SandboxKey: `/var/run/docker/netns/${randomId().slice(0, 12)}`,
      Options: { [exposedPortsKey]: [], [portMapKey]: [] },
    });
    if (result.succeeded) {
      this.#scope.defer(`join of ${id}`, () => this.#tidier.call("NetworkDriver.Leave", ids));
      if (this.says("operational info of every endpoint")) {
        await this.client.call("NetworkDriver.EndpointOperInfo", ids);
      }
    } else if (this.says("Leave after a failed Join")) {
      await this.client.call("NetworkDriver.Leave", ids);
    }
    return result;
  }

  leave({ network, id }: Pick<PlayedEndpoint, "network" | "id">): Promise<ReadExchange> {
    return this.client.call("NetworkDriver.Leave", { NetworkID: network.id, EndpointID: id });
  }

  deleteEndpoint({ network, id }: Pick<PlayedEndpoint, "network" | "id">): Promise<ReadExchange> {
    return this.client.call("NetworkDriver.DeleteEndpoint", { NetworkID: network.id, EndpointID: id });
  }

  deleteNetwork({ id }: Pick<PlayedNetwork, "id">): Promise<ReadExchange> {
    return this.client.call("NetworkDriver.DeleteNetwork", { NetworkID: id });
  }
}
