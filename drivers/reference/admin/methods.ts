import { z } from "zod";
import { faultyListing } from "#drivers/reference/faults/listing.ts";
import { faultyRule } from "#drivers/reference/faults/rule.ts";
import { defaultTenant, keyOf, ruleShape } from "#drivers/reference/model/state.ts";
import type { ReferenceService } from "#drivers/reference/service.ts";
import { makeGroup, makeNetwork, removeGroup, removeNetwork } from "./networks.ts";

const tenant = z.string().default(defaultTenant);
const networkShape = z.object({
  tenant,
  name: z.string(),
  /** CIDR. */
  subnet: z.string(),
  gateway: z.string().optional(),
  subnet6: z.string().optional(),
  encap: z.string().optional(),
  tag: z.number().optional(),
});
const engineNetworkShape = networkShape.extend({ subnet: z.string().optional() });
const ofTenant = z.object({ tenant: z.string().optional() });

/**
 * What can be asked of a running plugin beside the protocol: tenants, groups, policies, listings, faults. A change
 * resolves once every node has it; what cannot be is refused with a message that names the value.
 */
export const methods = {
  createTenant: method(z.object({ name: z.string() }), ({ plugin }, { name }) =>
    plugin.administer(({ policies }) => policies.createTenant(name)),
  ),
  deleteTenant: method(z.object({ name: z.string() }), ({ plugin }, { name }) =>
    plugin.administer(({ policies }) => policies.deleteTenant(name)),
  ),
  /** Makes a network on every node, for CNI; engines make theirs themselves. */
  createNetwork: method(networkShape, ({ plugin }, place) =>
    plugin.administer(({ attachments }) => {
      for (const node of plugin.nodes) attachments.createNetwork(node, place);
    }),
  ),
  deleteNetwork: method(z.object({ tenant, name: z.string() }), ({ plugin }, place) =>
    plugin.administer(({ attachments }) => {
      for (const node of plugin.nodes) attachments.deleteNetwork(node, place);
    }),
  ),
  createPolicy: method(z.object({ tenant, name: z.string() }), ({ plugin }, { tenant, name }) =>
    plugin.administer(({ policies }) => void policies.createPolicy(tenant, name)),
  ),
  deletePolicy: method(z.object({ tenant, name: z.string() }), ({ plugin }, { tenant, name }) =>
    plugin.administer(({ policies }) => policies.deletePolicy(tenant, name)),
  ),
  addRule: method(
    z.object({ tenant, policy: z.string(), rule: ruleShape }),
    ({ plugin }, { tenant, policy, rule }) =>
      plugin.administer(
        ({ policies }) => void policies.addRule(tenant, policy, faultyRule(rule, plugin.faults)),
      ),
  ),
  removeRule: method(
    z.object({ tenant, policy: z.string(), id: z.string() }),
    ({ plugin }, { tenant, policy, id }) =>
      plugin.administer(({ policies }) => policies.removeRule(tenant, policy, id)),
  ),
  createGroup: method(
    z.object({ tenant, name: z.string(), network: z.string(), policies: z.array(z.string()).default([]) }),
    ({ plugin }, { tenant, name, network, policies: names }) =>
      plugin.administer(({ policies }) => void policies.createGroup(tenant, name, network, names)),
  ),
  deleteGroup: method(z.object({ tenant, name: z.string() }), ({ plugin }, { tenant, name }) =>
    plugin.administer(({ policies }) => policies.deleteGroup(tenant, name)),
  ),

  /** As netctl does: on the engine of every node. */
  makeNetwork: method(engineNetworkShape, makeNetwork),
  removeNetwork: method(z.object({ tenant, name: z.string() }), removeNetwork),
  makeGroup: method(
    z.object({ tenant, name: z.string(), network: z.string(), policies: z.array(z.string()).default([]) }),
    makeGroup,
  ),
  removeGroup: method(z.object({ tenant, name: z.string() }), removeGroup),

  listTenants: method(z.object({}), async (service) => listing(service).tenants),
  listNetworks: method(ofTenant, async (service, { tenant }) => {
    const networks = Object.values(listing(service).networks).filter(
      (network) => tenant === undefined || network.tenant === tenant,
    );
    return networks.map(({ tenant, name, encap, tag, subnet, gateway, subnet6, gateway6 }) => ({
      ...{ tenant, name, encap, tag, subnet, gateway },
      ...(subnet6 ? { subnet6, gateway6 } : {}),
    }));
  }),
  listPolicies: method(ofTenant, async (service, { tenant }) =>
    Object.values(listing(service).policies)
      .filter((policy) => tenant === undefined || policy.tenant === tenant)
      .map(({ tenant, name }) => ({ tenant, name })),
  ),
  listRules: method(z.object({ tenant, policy: z.string() }), async (service, { tenant, policy }) =>
    Object.values(listing(service).policies[keyOf(tenant, policy)]?.rules ?? {}),
  ),
  listGroups: method(ofTenant, async (service, { tenant }) =>
    Object.values(listing(service).groups)
      .filter((group) => tenant === undefined || group.tenant === tenant)
      .map(({ network, ...group }) => ({ ...group, network: network.slice(group.tenant.length + 1) })),
  ),
  /** Address at which a network's resolver answers the network's containers. */
  resolverOf: method(z.object({ tenant, network: z.string() }), async ({ plugin }, { tenant, network }) => {
    return plugin.model.state.networks[keyOf(tenant, network)]?.resolver ?? "";
  }),
  /** Resolves when the containers of the network find the name. */
  awaitName: method(z.object({ name: z.string() }), ({ plugin }, { name }) => plugin.named(name)),

  listFaults: method(z.object({}), async ({ plugin }) => [...plugin.faults]),
  /** Switches exactly these faults on. */
  setFaults: method(z.object({ names: z.array(z.string()) }), async ({ plugin }, { names }) => {
    plugin.faults.clear();
    for (const name of names) plugin.faults.add(name);
    await plugin.sync();
  }),
  versions: method(z.object({}), ({ plugin }) => plugin.versions()),
  restart: method(z.object({}), (service) => service.restart()),
  /** Ends the plugin as a kill would; only its administration answers until `resume`. */
  halt: method(z.object({}), (service) => service.halt()),
  resume: method(z.object({}), (service) => service.resume()),
} as const;

export type MethodName = keyof typeof methods;
export type ArgumentsOf<Name extends MethodName> = z.input<(typeof methods)[Name]["input"]>;
export type ResultOf<Name extends MethodName> = Awaited<ReturnType<(typeof methods)[Name]["run"]>>;

function method<Input extends z.ZodType, Result>(
  input: Input,
  run: (service: ReferenceService, given: z.output<Input>) => Promise<Result>,
) {
  return { input, run };
}

function listing({ plugin }: ReferenceService) {
  return faultyListing(plugin.model.state, plugin.faults);
}
