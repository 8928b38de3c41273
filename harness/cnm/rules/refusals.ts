import { type Exchange, fieldsOf, type JsonFields, readExchange } from "#harness/cnm/protocol/exchange.ts";
import { bareAddress } from "#harness/core/ip.ts";
import { type EnginesHave, isAsked, type Omission } from "./omissions.ts";

/** An address that an engine asked the plugin for: of a pool, or for an endpoint of a network. */
interface Asked {
  readonly address: string;
  readonly pool?: unknown;
  readonly network?: unknown;
}

/** An endpoint that a plugin made and that its engine neither has any more nor ever asked to have removed. */
interface LeftOut {
  readonly made: Exchange;
  readonly id: string;
  readonly network: unknown;
  readonly addresses: readonly string[];
}

/**
 * The omissions that a refusal follows from; `told` is what the engine said then, with the plugin's own words in it. The plugin was asked for an
 * address that an endpoint has which the engine had made before and never asked it to remove: by `CreateEndpoint` on the same network, or by
 * `RequestAddress` of the same pool, where no engine had released the address meanwhile. Empty where that does not hold of every
 * refusal with these words, or where there is none. Pure.
 */
export function omissionsBehind(told: string, exchanges: readonly Exchange[], has: EnginesHave): Omission[] {
  const refusals = exchanges.filter((exchange) => {
    const { message } = readExchange(exchange);
    return message !== undefined && told.includes(`remote: ${message}`);
  });
  const leftOut = leftOutIn(exchanges, has);
  const behind = refusals.map((refusal) => leftOut.find((one) => explains(one, refusal, exchanges)));
  const known = behind.filter((one) => one !== undefined);
  if (known.length < refusals.length) return [];
  return [...new Set(known)].map(({ made: { caller }, id }) => {
    const one = `${caller} ${id}`;
    const joined = isAsked(one, "NetworkDriver.Join", "EndpointID", exchanges);
    const left = isAsked(one, "NetworkDriver.Leave", "EndpointID", exchanges);
    return {
      ...{ engine: caller, what: "endpoint", id },
      calls: [...(joined && !left ? (["NetworkDriver.Leave"] as const) : []), "NetworkDriver.DeleteEndpoint"],
    };
  });
}

function leftOutIn(exchanges: readonly Exchange[], has: EnginesHave): LeftOut[] {
  return exchanges.flatMap((made) => {
    if (made.call !== "NetworkDriver.CreateEndpoint") return [];
    const { succeeded, request, answer } = readExchange(made);
    const { EndpointID: id, NetworkID: network } = request ?? {};
    if (!succeeded || typeof id !== "string") return [];
    const one = `${made.caller} ${id}`;
    if (has.endpoints.has(one) || isAsked(one, "NetworkDriver.DeleteEndpoint", "EndpointID", exchanges)) {
      return [];
    }
    const addresses = [...addressesOf(request), ...addressesOf(fieldsOf(answer))];
    return [{ made, id, network, addresses }];
  });
}

function explains(leftOut: LeftOut, refusal: Exchange, exchanges: readonly Exchange[]): boolean {
  const { made, network, addresses } = leftOut;
  if (made.endedAt > refusal.startedAt) return false;
  return askedBy(refusal).some((asked) => {
    if (!addresses.includes(asked.address)) return false;
    return asked.pool === undefined ? asked.network === network : isKept(asked, made, refusal, exchanges);
  });
}

/** What a call asks for by name; nothing where the plugin is to choose. */
function askedBy(refusal: Exchange): Asked[] {
  const { name, request } = readExchange(refusal);
  if (name === "NetworkDriver.CreateEndpoint") {
    return addressesOf(request).map((address) => ({ address, network: request?.NetworkID }));
  }
  if (name !== "IpamDriver.RequestAddress") return [];
  const { Address, PoolID } = request ?? {};
  return typeof Address === "string" && Address !== ""
    ? [{ address: bareAddress(Address), pool: PoolID }]
    : [];
}

/** Whether the plugin had given the address of that pool for the endpoint, and nobody gave it back before it was asked for again. */
function isKept(
  { address, pool }: Asked,
  made: Exchange,
  refusal: Exchange,
  exchanges: readonly Exchange[],
): boolean {
  const granted = exchanges.findLast((exchange) => {
    const { name, succeeded, request, answer } = readExchange(exchange);
    if (name !== "IpamDriver.RequestAddress" || !succeeded || exchange.endedAt > made.startedAt) return false;
    return request?.PoolID === pool && bareAddress(String(fieldsOf(answer)?.Address)) === address;
  });
  if (!granted) return false;
  return !exchanges.some((exchange) => {
    const { name, request } = readExchange(exchange);
    if (name !== "IpamDriver.ReleaseAddress" || request?.PoolID !== pool) return false;
    const isMeanwhile = exchange.endedAt > granted.startedAt && exchange.startedAt < refusal.endedAt;
    return isMeanwhile && bareAddress(String(request?.Address)) === address;
  });
}

function addressesOf(fields: JsonFields | undefined): string[] {
  const { Address, AddressIPv6 } = fieldsOf(fields?.Interface) ?? {};
  return [Address, AddressIPv6]
    .filter((address) => typeof address === "string" && address !== "")
    .map((address) => bareAddress(String(address)));
}
