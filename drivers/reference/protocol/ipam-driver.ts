import type { Model } from "#drivers/reference/model/model.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import { gatewayAddressType, requestAddressTypeKey } from "#harness/cnm/protocol/protocol.ts";
import type { Handlers } from "./server.ts";

type IpamCalls = Extract<keyof Handlers, `IpamDriver.${string}`>;

/**
 * Address management: one book for the engines of all nodes, so that a network of local scope can exist on each
 * of them. `--ipam-opt tenant=NAME` chooses the tenant. The state file outlives engine and plugin, so no replay is asked for.
 */
export function ipamHandlers(model: Model, node: string): Pick<Handlers, IpamCalls> {
  return {
    "IpamDriver.GetCapabilities": async () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
    "IpamDriver.GetDefaultAddressSpaces": async () => ({
      LocalDefaultAddressSpace: "netconform-local",
      GlobalDefaultAddressSpace: "netconform-global",
    }),
    "IpamDriver.RequestPool": async ({ Pool, SubPool, Options, V6 }) => {
      const tenant = Options?.tenant || defaultTenant;
      const { id, subnet } = model.change(({ state, pools }) => {
        if (!state.tenants.includes(tenant)) throw new Refusal(`tenant "${tenant}" is unknown`);
        return pools.request({ tenant, pool: Pool ?? "", subPool: SubPool ?? "", v6: V6 ?? false });
      });
      return { PoolID: id, Pool: subnet, Data: {} };
    },
    "IpamDriver.ReleasePool": async ({ PoolID }) => {
      model.change(({ pools }) => pools.release(PoolID));
      return {};
    },
    "IpamDriver.RequestAddress": async ({ PoolID, Address, Options }) => {
      const gateway = Options?.[requestAddressTypeKey] === gatewayAddressType;
      const address = model.change(({ pools }) =>
        pools.requestAddress(PoolID, { address: Address ?? "", gateway, node }),
      );
      return { Address: address, Data: {} };
    },
    "IpamDriver.ReleaseAddress": async ({ PoolID, Address }) => {
      model.change(({ pools }) => pools.releaseAddress(PoolID, Address ?? "", node));
      return {};
    },
  };
}
