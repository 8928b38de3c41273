import { setTimeout as delay } from "node:timers/promises";
import type { CnmFaultName } from "#harness/saboteurs/cnm-faults.ts";
import { Refusal } from "../model/refusal.ts";
import { defaultTenant } from "../model/state.ts";
import type { Handlers } from "../protocol/server.ts";
import { isGatewayRequest } from "./handlers.ts";
import type { FaultGround } from "./pipeline.ts";

type IpamCalls = Extract<keyof Handlers, `IpamDriver.${string}`>;

/** IPAM calls that do what the faults that are on say, and what the honest ones do otherwise. */
export function faultyIpamHandlers({
  handlers: honest,
  model,
  faults,
}: FaultGround): Pick<Handlers, IpamCalls> {
  const on = (fault: CnmFaultName) => faults.has(fault);
  /** Ids that a repeated request got beside the honest one. */
  const copies = new Map<string, string>();
  const heldGateways = new Set<string>();
  let automatic: string | undefined;
  let lastAddress: string | undefined;
  let count = 0;

  const honestId = (id: string) => copies.get(id) ?? id;
  const requestAddress = honest["IpamDriver.RequestAddress"];

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
      if (faults.has("tenants-share-subnets") && elsewhere) {
        throw new Refusal(`subnet ${asked.Pool} is in use by tenant ${elsewhere.tenant}`);
      }
      const known = new Set(Object.keys(model.state.pools));
      const answer = await honest["IpamDriver.RequestPool"](asked);
      if (!asked.Pool) automatic = answer.PoolID ?? undefined;
      if (on("pool-id-changes") && known.has(answer.PoolID ?? "")) {
        const copy = `${answer.PoolID}#${copies.size}`;
        copies.set(copy, answer.PoolID ?? "");
        return { ...answer, PoolID: copy };
      }
      return answer;
    },

    "IpamDriver.ReleasePool": async (request) => {
      const id = honestId(request.PoolID);
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
      if (
        on("mac-needed-undeclared") &&
        !gateway &&
        !asked.Options?.["com.docker.network.endpoint.macaddress"]
      ) {
        throw new Refusal(`an address of pool ${asked.PoolID} needs a MAC`);
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
        const release = { PoolID: asked.PoolID, Address: String(answer.Address).split("/")[0] ?? "" };
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
        if (on("preferred-address-replaced") && taken) return requestAddress({ ...asked, Address: "" });
        throw error;
      });
      if (!gateway) lastAddress = answer.Address ?? undefined;
      return on("address-without-prefix") ? { ...answer, Address: answer.Address?.split("/")[0] } : answer;
    },

    "IpamDriver.ReleaseAddress": async (request) => {
      const PoolID = honestId(request.PoolID);
      const gateway = model.state.pools[PoolID]?.leases[request.Address ?? ""]?.use === "gateway";
      if (on("address-leaked") && !gateway) return {};
      if (on("gateway-leaked") && gateway) {
        heldGateways.add(`${PoolID} ${request.Address}`);
        return {};
      }
      return honest["IpamDriver.ReleaseAddress"]({ ...request, PoolID });
    },
  };
}
