import { setTimeout as delay } from "node:timers/promises";
import type { CnmFaultName } from "#drivers/reference/faults/tables/cnm.ts";
import type { ReferenceFaultName } from "#drivers/reference/faults/tables/network.ts";
import { isUnspecifiedNetwork } from "#drivers/reference/model/addresses.ts";
import type { Model } from "#drivers/reference/model/model.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import type { Handlers } from "#drivers/reference/protocol/server.ts";
import { macAddressKey, type RequestOf, requestAddressTypeKey } from "#harness/cnm/protocol/protocol.ts";
import { bareAddress, broadcastAddress, familyOf, prefixOf } from "#harness/core/ip.ts";
import type { ProtocolFaultContext } from "./context.ts";
import { isGatewayRequest } from "./gateway-request.ts";

type IpamCalls = Extract<keyof Handlers, `IpamDriver.${string}`>;

/** IPAM calls that do what the faults that are on say, and what the honest ones do otherwise. */
export function faultyIpamHandlers({
  handlers: honest,
  model,
  faults,
}: ProtocolFaultContext): Pick<Handlers, IpamCalls> {
  const on = (fault: CnmFaultName) => faults.has(fault);
  const onNetwork = (fault: ReferenceFaultName) => faults.has(fault);
  /** Ids that a repeated request got beside the honest one. */
  const copies = new Map<string, string>();
  const heldGateways = new Set<string>();
  /** How often this node's engine holds each pool: the first time for a network, then for groups of it. */
  const holds = new Map<string, number>();
  let automatic: string | undefined;
  let lastAddress: string | undefined;
  let count = 0;

  const honestId = (id: string) => copies.get(id) ?? id;
  const requestAddress = honest["IpamDriver.RequestAddress"];
  /** Addresses that were released, after their pools. */
  const spent = new Set<string>();
  /** An address that nobody had before. */
  const requestUnspent = async (asked: RequestOf<"IpamDriver.RequestAddress">) => {
    const skipped: string[] = [];
    try {
      for (;;) {
        const answer = await requestAddress(asked);
        const address = bareAddress(answer.Address ?? "");
        if (!spent.has(`${asked.PoolID} ${address}`)) return answer;
        skipped.push(address);
      }
    } finally {
      for (const Address of skipped)
        await honest["IpamDriver.ReleaseAddress"]({ PoolID: asked.PoolID, Address });
    }
  };

  return {
    "IpamDriver.GetCapabilities": honest["IpamDriver.GetCapabilities"],

    "IpamDriver.GetDefaultAddressSpaces": async (request) =>
      on("address-spaces-unnamed")
        ? { LocalDefaultAddressSpace: "", GlobalDefaultAddressSpace: "" }
        : honest["IpamDriver.GetDefaultAddressSpaces"](request),

    "IpamDriver.RequestPool": async (request) => {
      let asked = request;
      if (on("subpool-without-pool-accepted") && !asked.Pool) asked = { ...asked, SubPool: "" };
      if (on("v6-ignored") && !asked.Pool) asked = { ...asked, V6: false };
      const held = automatic !== undefined && model.state.pools[automatic];
      if (on("automatic-pool-repeated") && !asked.Pool && !asked.SubPool && held) {
        asked = { ...asked, Pool: held.subnet };
      }
      const elsewhere = Object.values(model.state.pools).find(
        ({ subnet, tenant }) => subnet === asked.Pool && tenant !== (asked.Options?.tenant || defaultTenant),
      );
      if (onNetwork("tenants-share-subnets") && elsewhere) {
        throw new Refusal(`subnet ${asked.Pool} is in use by tenant ${elsewhere.tenant}`);
      }
      if (on("unspecified-pool-taken") && isUnspecifiedNetwork(asked.Pool ?? "")) {
        return { PoolID: `unspecified/${asked.Pool}`, Pool: asked.Pool, Data: {} };
      }
      const known = new Set(Object.keys(model.state.pools));
      const answer = await honest["IpamDriver.RequestPool"](asked);
      if (!asked.Pool) automatic = answer.PoolID ?? undefined;
      if (on("pool-id-changes") && known.has(answer.PoolID ?? "")) {
        const copy = `${answer.PoolID}#${copies.size}`;
        copies.set(copy, answer.PoolID ?? "");
        return { ...answer, PoolID: copy };
      }
      if (onNetwork("group-outside-its-network")) {
        const id = answer.PoolID ?? "";
        const held = holds.get(id) ?? 0;
        holds.set(id, held + 1);
        if (held === 0) return answer;
        copies.set(`${id}${ofGroup}`, id);
        return { ...answer, PoolID: `${id}${ofGroup}` };
      }
      return answer;
    },

    "IpamDriver.ReleasePool": async (request) => {
      const id = honestId(request.PoolID);
      const { subnet } = model.state.pools[id] ?? {};
      const used = Object.values(model.state.networks).some((network) => network.subnet === subnet);
      if (on("pool-kept-for-network") && used) throw new Refusal(`pool ${id} is in use by a network`);
      holds.set(id, Math.max(0, (holds.get(id) ?? 0) - 1));
      const answer = await honest["IpamDriver.ReleasePool"]({ ...request, PoolID: id });
      if (on("pool-not-counted")) {
        model.change(({ state }) => {
          delete state.pools[id];
        });
      }
      return answer;
    },

    "IpamDriver.RequestAddress": async (request) => {
      const asked = { ...request, PoolID: honestId(request.PoolID) };
      const gateway = isGatewayRequest(asked.Options);
      if (on("mac-needed-undeclared") && !gateway && !asked.Options?.[macAddressKey]) {
        throw new Refusal(`an address of pool ${asked.PoolID} needs a MAC`);
      }
      const foreign = Object.keys(asked.Options ?? {}).find((name) => !knownOptions.includes(name));
      if (on("unknown-option-refused") && foreign) throw new Refusal(`option ${foreign} is unknown`);
      const uses = Object.values(model.state.pools[asked.PoolID]?.leases ?? {});
      if (on("gateway-comes-first") && !gateway && !uses.some(({ use }) => use === "gateway")) {
        throw new Refusal(`pool ${asked.PoolID} has no gateway`);
      }
      if (on("released-address-given-by-name-alone") && !gateway && !asked.Address) {
        return requestUnspent(asked);
      }
      const twin = Object.entries(model.state.pools).some(
        ([id, { subnet, leases }]) =>
          id !== asked.PoolID &&
          subnet === model.state.pools[asked.PoolID]?.subnet &&
          leases[asked.Address ?? ""] !== undefined,
      );
      if (onNetwork("tenants-share-addresses") && !gateway && twin) {
        throw new Refusal(`address ${asked.Address} is in use in another tenant`);
      }
      if (on("gateway-leaked") && heldGateways.has(`${asked.PoolID} ${asked.Address}`)) {
        throw new Refusal(`address ${asked.Address} is in use`);
      }
      if (on("address-given-twice") && !asked.Address && !gateway) {
        count += 1;
        if (count % 4 === 0 && lastAddress !== undefined) return { Address: lastAddress, Data: {} };
      }
      if (on("concurrent-duplicates") && !asked.Address && !gateway) {
        const answer = await requestAddress(asked);
        const release = { PoolID: asked.PoolID, Address: bareAddress(String(answer.Address)) };
        const before = model.state.pools[asked.PoolID]?.cursor ?? "0";
        await honest["IpamDriver.ReleaseAddress"](release);
        model.change(({ state }) => {
          const pool = state.pools[asked.PoolID];
          if (pool) pool.cursor = String(BigInt(before) - 1n);
        });
        await delay(1);
        return requestAddress({ ...asked, Address: release.Address }).catch(() => answer);
      }
      const answer = await requestAddress(asked).catch((error: unknown) => {
        const taken = error instanceof Refusal && /is in use/.test(error.message);
        const full = error instanceof Refusal && /is exhausted/.test(error.message);
        if (onNetwork("full-subnet-overflows") && full)
          return { Address: beyond(model, asked.PoolID), Data: {} };
        if (on("preferred-address-replaced") && taken) return requestAddress({ ...asked, Address: "" });
        throw error;
      });
      if (!gateway) lastAddress = answer.Address ?? undefined;
      if (request.PoolID.endsWith(ofGroup) && !gateway) {
        return { ...answer, Address: withNetworkOf(elsewhere, answer.Address ?? "") };
      }
      return on("address-without-prefix")
        ? { ...answer, Address: bareAddress(answer.Address ?? "") }
        : answer;
    },

    "IpamDriver.ReleaseAddress": async (request) => {
      const PoolID = honestId(request.PoolID);
      const gateway = model.state.pools[PoolID]?.leases[request.Address ?? ""]?.use === "gateway";
      if (on("address-leaked") && !gateway) return {};
      const pool = model.state.pools[PoolID];
      if (onNetwork("ipv6-address-leaked") && pool && familyOf(pool.subnet) === 6 && !gateway) return {};
      if (on("released-address-given-by-name-alone")) spent.add(`${PoolID} ${request.Address}`);
      if (on("gateway-leaked") && gateway) {
        heldGateways.add(`${PoolID} ${request.Address}`);
        return {};
      }
      const Address = request.PoolID.endsWith(ofGroup)
        ? withNetworkOf(PoolID.slice(PoolID.indexOf("/") + 1), request.Address ?? "")
        : request.Address;
      return honest["IpamDriver.ReleaseAddress"]({ ...request, Address, PoolID });
    },
  };
}

/** An address of a pool that no container may have. */
function beyond(model: Model, pool: string): string {
  const subnet = model.state.pools[pool]?.subnet ?? "";
  return `${broadcastAddress(subnet)}/${prefixOf(subnet)}`;
}

/** Options of RequestAddress that the plugin with `unknown-option-refused` knows. */
const knownOptions: readonly string[] = [requestAddressTypeKey, macAddressKey];

/** End of the id of a pool that is held for a group. */
const ofGroup = "#group";
const elsewhere = "10.99.0.0";

/** The address with the first two bytes of a network: `10.99.2.7/24` for `10.1.2.7/24` in `10.99.0.0`. */
export function withNetworkOf(network: string, address: string): string {
  return [...network.split(".").slice(0, 2), ...address.split(".").slice(2)].join(".");
}
