import {
  formatAddress,
  formatNetwork,
  hostRange,
  type IpNetwork,
  networkContains,
  networksOverlap,
  sizeOf,
} from "#harness/core/ip.ts";
import { readAddress, readNetwork } from "./addresses.ts";
import { Refusal } from "./refusal.ts";
import type { PoolState, State } from "./state/state.ts";

/** What a pool is asked for. Subnets are CIDRs or empty; a pool such as `0.0.0.0/26` is any of that size. */
export interface PoolRequest {
  tenant: string;
  pool: string;
  subPool: string;
  v6: boolean;
}

export interface AddressRequest {
  /** Address without prefix, or empty for any. */
  address: string;
  gateway: boolean;
  /** Whose engine asks; left out where none does. */
  node?: string;
}

/**
 * Where pools come from when the request names none: /24 networks of the first, /64 networks of the second, or of the
 * length that the request has.
 */
const automatic = { 4: { range: "10.160.0.0/12", prefix: 24 }, 6: { range: "fd6e:6366::/32", prefix: 64 } };

/**
 * Address management for the whole cluster: one table per tenant and subnet, from which the engines of all
 * nodes draw. Works on the state in place; every method either does all of its work or throws `Refusal`.
 */
export class Pools {
  readonly #pools: State["pools"];

  constructor(state: State) {
    this.#pools = state.pools;
  }

  /** Holds a pool; equal requests share one pool id, and each must be released. */
  request(request: PoolRequest): { id: string; subnet: string } {
    const subnet = this.#chosen(request);
    const subPool = request.subPool ? readNetwork(request.subPool) : undefined;
    if (subPool && !request.pool) {
      throw new Refusal(`sub-pool ${request.subPool} needs a pool that it is part of`);
    }
    if (subPool && !(networkContains(subnet, firstOf(subPool)) && subPool.prefix >= subnet.prefix)) {
      throw new Refusal(`sub-pool ${request.subPool} is no part of pool ${request.pool}`);
    }
    const text = formatNetwork(subnet);
    const key = `${request.tenant}/${text}`;
    if (!this.#pools[key]) this.#refuseOverlap(request.tenant, subnet);
    const id = subPool ? `${key},${formatNetwork(subPool)}` : key;
    this.#pools[key] ??= { tenant: request.tenant, subnet: text, holds: {}, leases: {}, cursor: "0" };
    const { holds } = this.#pools[key];
    holds[id] ??= { subPool: subPool ? formatNetwork(subPool) : text, count: 0 };
    holds[id].count += 1;
    return { id, subnet: text };
  }

  /** Gives one hold back; with the last one the pool and all its addresses go. */
  release(id: string): void {
    const { key, pool, hold } = this.#find(id);
    hold.count -= 1;
    if (hold.count === 0) delete pool.holds[id];
    if (Object.keys(pool.holds).length === 0) delete this.#pools[key];
  }

  /** Takes an address. Resolves to a CIDR with the prefix of the pool. */
  requestAddress(id: string, request: AddressRequest): string {
    const { pool, hold } = this.#find(id);
    const subnet = readNetwork(pool.subnet);
    const address = request.address
      ? preferred(pool, subnet, request)
      : request.gateway
        ? (gatewayOf(pool) ?? nextFree(pool, subnet, subnet))
        : nextFree(pool, subnet, readNetwork(hold.subPool));
    const lease = pool.leases[address];
    const { node } = request;
    if (!request.gateway) pool.leases[address] = { use: "endpoint", ...(node === undefined ? {} : { node }) };
    else pool.leases[address] = { use: "gateway", count: lease?.use === "gateway" ? lease.count + 1 : 1 };
    return `${address}/${subnet.prefix}`;
  }

  /**
   * Gives an address back. One that is free already is what the caller wants. What another node's engine has by now stays its own: the
   * caller was given up as lost, and is back.
   */
  releaseAddress(id: string, address: string, node?: string): void {
    const { pool } = this.#find(id);
    const text = formatAddress(readAddress(address));
    if (!networkContains(readNetwork(pool.subnet), readAddress(text))) {
      throw new Refusal(`address ${address} is outside pool ${pool.subnet}`);
    }
    const lease = pool.leases[text];
    if (lease?.use === "endpoint" && lease.node && node && lease.node !== node) return;
    if (lease?.use === "gateway" && lease.count > 1) lease.count -= 1;
    else delete pool.leases[text];
  }

  /** Frees the addresses of the containers of a node that is lost. */
  forget(node: string): void {
    for (const { leases } of Object.values(this.#pools)) {
      for (const [address, lease] of Object.entries(leases)) {
        if (lease.use === "endpoint" && lease.node === node) delete leases[address];
      }
    }
  }

  /** Whether the tenant holds a pool with exactly this subnet. */
  holds(tenant: string, subnet: string): boolean {
    return Object.hasOwn(this.#pools, `${tenant}/${subnet}`);
  }

  #find(id: string) {
    const key = id.split(",")[0] ?? "";
    const pool = this.#pools[key];
    const hold = pool?.holds[id];
    if (!pool || !hold) throw new Refusal(`pool "${id}" is unknown`);
    return { key, pool, hold };
  }

  #refuseOverlap(tenant: string, subnet: IpNetwork): void {
    const other = this.#of(tenant).find((pool) => networksOverlap(readNetwork(pool.subnet), subnet));
    if (other) {
      throw new Refusal(`subnet ${formatNetwork(subnet)} overlaps ${other.subnet} of tenant ${tenant}`);
    }
  }

  #chosen({ tenant, pool, v6 }: PoolRequest): IpNetwork {
    if (pool === "") return this.#free(tenant, v6 ? 6 : 4);
    const { family, prefix, base } = readNetwork(pool);
    return base === 0n ? this.#free(tenant, family, prefix) : { family, prefix, base };
  }

  #free(tenant: string, family: 4 | 6, prefix: number = automatic[family].prefix): IpNetwork {
    const { range } = automatic[family];
    const whole = readNetwork(range);
    if (prefix < whole.prefix) throw new Refusal(`no subnet of ${range} has the prefix length ${prefix}`);
    const step = 1n << BigInt((family === 6 ? 128 : 32) - prefix);
    const taken = this.#of(tenant).map((pool) => readNetwork(pool.subnet));
    for (let base = whole.base; networkContains(whole, { ...firstOf(whole), value: base }); base += step) {
      const candidate: IpNetwork = { family: whole.family, base, prefix };
      if (!taken.some((subnet) => networksOverlap(subnet, candidate))) return candidate;
    }
    throw new Refusal(`no subnet of ${range} is free in tenant ${tenant}`);
  }

  #of(tenant: string): PoolState[] {
    return Object.values(this.#pools).filter((pool) => pool.tenant === tenant);
  }
}

function preferred(pool: PoolState, subnet: IpNetwork, request: AddressRequest): string {
  const wanted = readAddress(request.address);
  const text = formatAddress(wanted);
  if (!networkContains(subnet, wanted)) throw new Refusal(`address ${text} is outside pool ${pool.subnet}`);
  const lease = pool.leases[text];
  if (lease && !(request.gateway && lease.use === "gateway")) {
    throw new Refusal(`address ${text} is in use in pool ${pool.subnet}`);
  }
  const gateway = gatewayOf(pool);
  if (request.gateway && gateway !== undefined && gateway !== text) {
    throw new Refusal(
      `gateway ${text} differs from the gateway ${gateway} that pool ${pool.subnet} has on another engine`,
    );
  }
  return text;
}

function gatewayOf(pool: PoolState): string | undefined {
  return Object.entries(pool.leases).find(([, lease]) => lease.use === "gateway")?.[0];
}

/** Goes round the range, so that an address just given back rests as long as possible. */
function nextFree(pool: PoolState, subnet: IpNetwork, range: IpNetwork): string {
  const hosts = hostRange(subnet);
  const first = larger(hosts.first, range.base);
  const last = smaller(hosts.last, range.base + sizeOf(range) - 1n);
  const size = last - first + 1n;
  const start = BigInt(pool.cursor) % size;
  for (let step = 0n; step < size; step += 1n) {
    const offset = (start + step) % size;
    const text = formatAddress({ family: subnet.family, value: first + offset });
    if (pool.leases[text]) continue;
    pool.cursor = String(offset + 1n);
    return text;
  }
  throw new Refusal(`pool ${pool.subnet} is exhausted: all ${size} addresses are in use`);
}

function firstOf(subnet: IpNetwork) {
  return { family: subnet.family, value: subnet.base };
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
