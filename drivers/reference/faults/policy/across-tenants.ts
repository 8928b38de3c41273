import type { NodePlan } from "#drivers/reference/dataplane/plan/node-plan.ts";
import { keyOf, type State } from "#drivers/reference/model/state/state.ts";
import { addressOf } from "#harness/core/ip.ts";

/**
 * Flows by which who has an address that a rule allows gets to the members of the rule's group from another tenant as well, where both are
 * on this node. In its own tenant it reaches whom it reached before.
 */
export function letInFromTenants(state: State, { ports }: NodePlan): string[] {
  const here = Object.values(state.endpoints).flatMap((endpoint) => {
    const { localTag, tenant } = state.networks[endpoint.network]!;
    const port = ports.find(({ mac, tag }) => mac === endpoint.mac && tag === localTag);
    return port
      ? [{ ...endpoint, tenant, localTag, device: port.device, address: addressOf(endpoint.ipv4) }]
      : [];
  });
  const allowed = Object.values(state.groups).flatMap(({ tenant, name, policies }) =>
    policies
      .flatMap((policy) => Object.values(state.policies[keyOf(tenant, policy)]?.rules ?? {}))
      .filter(({ action, direction }) => action === "allow" && direction === "in")
      .flatMap(({ peer }) => (peer.address === undefined ? [] : [{ tenant, name, from: peer.address }])),
  );
  const flows = allowed.flatMap(({ tenant, name, from }) => {
    const members = here.filter((one) => one.tenant === tenant && one.group === name);
    const others = here.filter((one) => one.tenant !== tenant && one.address === from);
    return others.flatMap(({ device, network, localTag }) =>
      members.map((member) => {
        const own = Object.values(state.endpoints).find(
          (one) => one.network === network && addressOf(one.ipv4) === member.address,
        );
        const before = own ? `,mod_dl_dst:${own.mac},load:${localTag}->NXM_NX_REG0[],goto_table:1` : "";
        return `table=0,priority=15,in_port=${device},ip,nw_dst=${member.address},actions=mod_dl_dst:${member.mac},output:${member.device}${before}`;
      }),
    );
  });
  return [...new Set(flows)];
}
