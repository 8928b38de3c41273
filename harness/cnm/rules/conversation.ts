import {
  type Exchange,
  fieldsOf,
  type JsonFields,
  nodeGivenUp,
  type ReadExchange,
  readExchange,
} from "#harness/cnm/protocol/exchange.ts";
import { type CallName, gatewayAddressType, requestAddressTypeKey } from "#harness/cnm/protocol/protocol.ts";
import { bareAddress, isCidr, overlaps } from "#harness/core/ip.ts";
import type { RuleViolation } from "./rules.ts";

interface Pool {
  readonly key: string;
  readonly space: string;
  readonly cidr: string;
  references: number;
  /** Addresses that are held, whether the request was for the gateway, and whose it was. */
  readonly addresses: Map<string, { gateway: boolean; caller: string }>;
}

/** What a plugin still holds after everything that was seen; all empty when create and delete balance. */
export interface HeldResources {
  networks: string[];
  endpoints: string[];
  joins: string[];
  pools: string[];
  addresses: string[];
}

/**
 * Follows what one plugin said yes to, over all engines that use it, and finds what contradicts it: an address or
 * an automatic pool given twice, a PoolID that changes, a delete refused for something that exists, a Join accepted
 * for something that was deleted. Call `sent` when a request starts and `answered` when its answer is there: something is
 * free from the moment its release is sent, and held from the moment its grant is answered.
 */
export class Conversation {
  readonly #pools = new Map<string, Pool>();
  readonly #networks = new Set<string>();
  /** Endpoint → its network. */
  readonly #endpoints = new Map<string, string>();
  readonly #joins = new Set<string>();
  /** Addresses whose release is under way, by pool and address. */
  readonly #releasing = new Set<string>();
  /** Deleted, and not made again since. */
  readonly #deleted = new Set<string>();

  /** A request starts. */
  sent(call: string, body: string): void {
    if (call !== "IpamDriver.ReleaseAddress") return;
    const { PoolID, Address } = requestFields(readExchange(blank(call, body)));
    const freed = this.#pools.get(PoolID)?.addresses.delete(bareAddress(Address));
    if (freed) this.#releasing.add(`${PoolID} ${bareAddress(Address)}`);
  }

  /** Its answer is there (or will never be); returns what it contradicts. */
  answered(exchange: Exchange): RuleViolation[] {
    if (exchange.call === nodeGivenUp) this.#giveUp(exchange.caller);
    const read = readExchange(exchange);
    if (read.name === undefined) return [];
    return (this.#rules[read.name]?.(read) ?? []).map((finding) => ({
      ...finding,
      who: exchange.plugin,
      exchange,
    }));
  }

  /** What has been made and not been unmade. */
  held(): HeldResources {
    return {
      networks: [...this.#networks],
      endpoints: [...this.#endpoints.keys()],
      joins: [...this.#joins],
      pools: [...this.#pools.keys()],
      addresses: [...this.#pools.values()].flatMap((pool) => [...pool.addresses.keys()]),
    };
  }

  readonly #rules: Partial<Record<CallName, (read: ReadExchange) => Contradiction[]>> = {
    "NetworkDriver.CreateNetwork": (read) => {
      const { NetworkID } = requestFields(read);
      if (read.succeeded) this.#networks.add(NetworkID);
      if (read.succeeded) this.#deleted.delete(NetworkID);
      return [];
    },
    "NetworkDriver.DeleteNetwork": (read) => {
      const { NetworkID } = requestFields(read);
      const inUse = [...this.#endpoints.values()].includes(NetworkID);
      if (read.succeeded) this.#forgetEndpointsOf(NetworkID);
      return this.#remove(read, this.#networks, NetworkID, inUse);
    },
    "NetworkDriver.CreateEndpoint": (read) => {
      if (!read.succeeded) return [];
      const { NetworkID, EndpointID } = requestFields(read);
      this.#endpoints.set(EndpointID, NetworkID);
      this.#deleted.delete(EndpointID);
      return this.#afterDeletion(read, NetworkID, "network");
    },
    "NetworkDriver.DeleteEndpoint": (read) => {
      const { EndpointID } = requestFields(read);
      const joined = this.#joins.has(EndpointID);
      if (read.succeeded) this.#joins.delete(EndpointID);
      return this.#remove(read, this.#endpoints, EndpointID, joined);
    },
    "NetworkDriver.Join": (read) => {
      if (!read.succeeded) return [];
      const { EndpointID } = requestFields(read);
      const findings = this.#afterDeletion(read, EndpointID, "endpoint");
      if (findings.length === 0) this.#joins.add(EndpointID);
      return findings;
    },
    "NetworkDriver.Leave": (read) => {
      const { EndpointID } = requestFields(read);
      const joined = this.#joins.has(EndpointID);
      if (read.succeeded) this.#joins.delete(EndpointID);
      return joined && refused(read) ? [stays(read, EndpointID)] : [];
    },
    "IpamDriver.RequestPool": (read) => this.#poolGranted(read),
    "IpamDriver.ReleasePool": (read) => this.#poolReleased(read),
    "IpamDriver.RequestAddress": (read) => this.#addressGranted(read),
    "IpamDriver.ReleaseAddress": (read) => this.#addressReleased(read),
  };

  /** What a lost node's engine had for containers is free; what it says of it when it is back changes nothing. */
  #giveUp(caller: string): void {
    for (const endpoint of this.#endpoints.keys()) {
      if (!endpoint.startsWith(`${caller} `)) continue;
      this.#endpoints.delete(endpoint);
      this.#joins.delete(endpoint);
    }
    for (const { addresses } of this.#pools.values()) {
      for (const [address, held] of addresses) {
        if (held.caller === caller && !held.gateway) addresses.delete(address);
      }
    }
  }

  /** A refusal of what exists is a finding, unless something else still uses it. */
  #remove(
    read: ReadExchange,
    held: { has(id: string): boolean; delete(id: string): boolean },
    id: string,
    inUse: boolean,
  ): Contradiction[] {
    const existed = held.has(id);
    if (read.succeeded) {
      held.delete(id);
      this.#deleted.add(id);
    }
    return existed && !inUse && refused(read) ? [stays(read, id)] : [];
  }

  /** An endpoint whose answer was lost is known to no engine, and goes with its network. */
  #forgetEndpointsOf(network: string): void {
    for (const [endpoint, of] of this.#endpoints) {
      if (of !== network) continue;
      this.#endpoints.delete(endpoint);
      this.#joins.delete(endpoint);
    }
  }

  #afterDeletion(read: ReadExchange, id: string, what: string): Contradiction[] {
    if (!this.#deleted.has(id)) return [];
    return [
      {
        requirement: "CNM-15b",
        expected: `${read.exchange.call} on the deleted ${what} ${short(id)} to be refused`,
        got: "success",
      },
    ];
  }

  #poolGranted(read: ReadExchange): Contradiction[] {
    const id = answerText(read, "PoolID");
    if (!read.succeeded || !id) return [];
    const asked = requestFields(read);
    const automatic = !asked.Pool;
    const cidr = answerText(read, "Pool");
    const key = JSON.stringify([asked.AddressSpace, asked.Pool, asked.SubPool, read.request?.Options ?? {}]);
    const findings: Contradiction[] = [];
    const twin = automatic ? undefined : [...this.#pools].find(([, pool]) => pool.key === key);
    if (twin && twin[0] !== id) {
      findings.push({
        requirement: "CNM-18",
        expected: `the PoolID ${twin[0]} again for an identical request`,
        got: id,
      });
    }
    const clash = [...this.#pools].find(
      ([, pool]) => automatic && pool.space === asked.AddressSpace && doShareAddress(pool.cidr, cidr),
    );
    if (clash) {
      findings.push({
        requirement: "CNM-26",
        expected: "an automatic pool that overlaps none that is held",
        got: `${cidr}, while ${clash[1].cidr} is held`,
      });
    }
    const pool = this.#pools.get(id);
    if (pool) pool.references++;
    else this.#pools.set(id, { key, space: asked.AddressSpace, cidr, references: 1, addresses: new Map() });
    return findings;
  }

  #poolReleased(read: ReadExchange): Contradiction[] {
    const { PoolID } = requestFields(read);
    const pool = this.#pools.get(PoolID);
    if (!pool) return [];
    if (refused(read)) return pool.addresses.size > 0 ? [] : [stays(read, PoolID)];
    if (!read.succeeded) return [];
    pool.references--;
    if (pool.references === 0) this.#pools.delete(PoolID);
    return [];
  }

  #addressGranted(read: ReadExchange): Contradiction[] {
    const { PoolID } = requestFields(read);
    const pool = this.#pools.get(PoolID);
    const address = bareAddress(answerText(read, "Address"));
    if (!pool || !read.succeeded || !address) return [];
    const options = fieldsOf(read.request?.Options);
    const gateway = options?.[requestAddressTypeKey] === gatewayAddressType;
    const holder = pool.addresses.get(address);
    pool.addresses.set(address, { gateway, caller: read.exchange.caller });
    // Engines of several nodes each ask for the gateway of the pool that they share.
    if (!holder || (gateway && holder.gateway && pool.references > 1)) return [];
    return [
      {
        requirement: "CNM-27",
        expected: `an address of ${pool.cidr} that is free`,
        got: `${address}, which was given out before and not released`,
      },
    ];
  }

  #addressReleased(read: ReadExchange): Contradiction[] {
    const { PoolID, Address } = requestFields(read);
    const pool = this.#pools.get(PoolID);
    const held = this.#releasing.delete(`${PoolID} ${bareAddress(Address)}`);
    if (!pool || !held || !refused(read)) return [];
    pool.addresses.set(bareAddress(Address), { gateway: false, caller: read.exchange.caller });
    return [stays(read, Address)];
  }
}

/** Everything that a list of exchanges contradicts, in the order of time. Pure. */
export function checkConversation(exchanges: readonly Exchange[]): RuleViolation[] {
  const conversation = new Conversation();
  const moments = exchanges.flatMap((exchange) => [
    { at: exchange.startedAt, exchange, end: false },
    { at: exchange.endedAt, exchange, end: true },
  ]);
  moments.sort((one, other) => one.at - other.at || Number(one.end) - Number(other.end));
  return moments.flatMap(({ exchange, end }) => {
    if (end) return conversation.answered(exchange);
    conversation.sent(exchange.call, exchange.request);
    return [];
  });
}

type Contradiction = Pick<RuleViolation, "requirement" | "expected" | "got">;

function stays(read: ReadExchange, id: string): Contradiction {
  return {
    requirement: "CNM-15b",
    expected: `${read.exchange.call} of ${short(id)}, which exists, to succeed`,
    got: `"${read.message}"`,
  };
}

function refused(read: ReadExchange): boolean {
  return read.message !== undefined;
}

function requestFields({ exchange, request = {} }: ReadExchange) {
  const field = (name: string) => (typeof request[name] === "string" ? (request[name] as string) : "");
  // A network of global scope has the same id on every node, and is deleted on each of them by itself.
  const own = (id: string) => (exchange.caller === "" ? id : `${exchange.caller} ${id}`);
  return {
    NetworkID: own(field("NetworkID")),
    EndpointID: own(field("EndpointID")),
    PoolID: field("PoolID"),
    Address: field("Address"),
    AddressSpace: field("AddressSpace"),
    Pool: field("Pool"),
    SubPool: field("SubPool"),
  };
}

function answerText({ answer }: ReadExchange, name: string): string {
  const value = (fieldsOf(answer) as JsonFields | undefined)?.[name];
  return typeof value === "string" ? value : "";
}

function blank(call: string, request: string): Exchange {
  return {
    id: 0,
    plugin: "",
    caller: "",
    call,
    request,
    status: null,
    answer: null,
    startedAt: 0,
    endedAt: 0,
  };
}

function short(id: string): string {
  return id.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/, "$1");
}

/** False when a plugin gave a pool that is no CIDR: another rule finds that. */
function doShareAddress(one: string, other: string): boolean {
  return isCidr(one) && isCidr(other) && overlaps(one, other);
}
