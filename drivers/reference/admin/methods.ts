import { z } from "zod";
import { faultyListing, faultySessions } from "#drivers/reference/faults/listing.ts";
import { forgetNode } from "#drivers/reference/faults/nodes.ts";
import { faultyRefusal, faultyRule } from "#drivers/reference/faults/rule.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { defaultTenant, keyOf, ruleShape, speakerShape } from "#drivers/reference/model/state/state.ts";
import type { GivenTo } from "#harness/core/rpc/messages.ts";
import { checked } from "#harness/core/rpc/server.ts";
import type { AdministeredService } from "./administered.ts";
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
export function adminMethods(service: AdministeredService) {
  return {
    createTenant: checked(z.object({ name: z.string() }), ({ name }) =>
      service.plugin.administer(({ policies }) => policies.createTenant(name)),
    ),
    deleteTenant: checked(z.object({ name: z.string() }), ({ name }) =>
      service.plugin.administer(({ policies }) => policies.deleteTenant(name)),
    ),
    /** Makes a network on every node, for CNI; engines make theirs themselves. */
    createNetwork: checked(networkShape, (place) =>
      service.plugin.administer(({ attachments }) => {
        for (const node of service.plugin.nodes) attachments.createNetwork(node, place);
      }),
    ),
    deleteNetwork: checked(z.object({ tenant, name: z.string() }), (place) =>
      service.plugin.administer(({ attachments }) => {
        for (const node of service.plugin.nodes) attachments.deleteNetwork(node, place);
      }),
    ),
    createPolicy: checked(z.object({ tenant, name: z.string() }), ({ tenant, name }) =>
      service.plugin.administer(({ policies }) => void policies.createPolicy(tenant, name)),
    ),
    deletePolicy: checked(z.object({ tenant, name: z.string() }), ({ tenant, name }) =>
      service.plugin.administer(({ policies }) => policies.deletePolicy(tenant, name)),
    ),
    addRule: checked(z.object({ tenant, policy: z.string(), rule: ruleShape }), ({ tenant, policy, rule }) =>
      service.plugin.administer(({ policies, state }) => {
        const { faults } = service.plugin;
        const earlier = Object.values(state.policies[keyOf(tenant, policy)]?.rules ?? {});
        faultyRefusal(() => policies.addRule(tenant, policy, faultyRule(rule, earlier, faults)), faults);
      }),
    ),
    removeRule: checked(z.object({ tenant, policy: z.string(), id: z.string() }), ({ tenant, policy, id }) =>
      service.plugin.administer(({ policies }) => policies.removeRule(tenant, policy, id)),
    ),
    createGroup: checked(
      z.object({ tenant, name: z.string(), network: z.string(), policies: z.array(z.string()).default([]) }),
      ({ tenant, name, network, policies: names }) =>
        service.plugin.administer(({ policies }) => void policies.createGroup(tenant, name, network, names)),
    ),
    deleteGroup: checked(z.object({ tenant, name: z.string() }), ({ tenant, name }) =>
      service.plugin.administer(({ policies }) => policies.deleteGroup(tenant, name)),
    ),

    /** As netctl does: on the engine of every node. */
    makeNetwork: checked(engineNetworkShape, (order) => makeNetwork(service, order)),
    removeNetwork: checked(z.object({ tenant, name: z.string() }), (place) => removeNetwork(service, place)),
    makeGroup: checked(
      z.object({ tenant, name: z.string(), network: z.string(), policies: z.array(z.string()).default([]) }),
      (order) => makeGroup(service, order),
    ),
    removeGroup: checked(z.object({ tenant, name: z.string() }), (place) => removeGroup(service, place)),

    /** Frees what containers of a node have that is lost for good. */
    forgetNode: checked(z.object({ node: z.string() }), ({ node }) =>
      service.plugin.administer((draft) => forgetNode(draft, node, service.plugin.faults)),
    ),

    /** Has a node speak BGP, from now on. */
    speakBgp: checked(speakerShape.extend({ node: z.string() }), ({ node, ...speaker }) =>
      service.plugin.administer(({ state }) => {
        if (state.speakers[node]) throw new Refusal(`${node} speaks BGP already`);
        state.speakers[node] = speaker;
      }),
    ),
    hushBgp: checked(z.object({ node: z.string() }), ({ node }) =>
      service.plugin.administer(({ state }) => {
        delete state.speakers[node];
      }),
    ),
    listBgpSessions: checked(z.object({}), async () =>
      faultySessions(await service.plugin.sessions(), service.plugin.faults),
    ),

    listTenants: checked(z.object({}), async () => listing(service).tenants),
    listNetworks: checked(ofTenant, async ({ tenant }) => {
      const networks = Object.values(listing(service).networks).filter(
        (network) => tenant === undefined || network.tenant === tenant,
      );
      return networks.map(({ tenant, name, encap, tag, subnet, gateway, subnet6, gateway6 }) => ({
        ...{ tenant, name, encap, tag, subnet, gateway },
        ...(subnet6 ? { subnet6, gateway6 } : {}),
      }));
    }),
    listPolicies: checked(ofTenant, async ({ tenant }) =>
      Object.values(listing(service).policies)
        .filter((policy) => tenant === undefined || policy.tenant === tenant)
        .map(({ tenant, name }) => ({ tenant, name })),
    ),
    listRules: checked(z.object({ tenant, policy: z.string() }), async ({ tenant, policy }) =>
      Object.values(listing(service).policies[keyOf(tenant, policy)]?.rules ?? {}),
    ),
    listGroups: checked(ofTenant, async ({ tenant }) =>
      Object.values(listing(service).groups)
        .filter((group) => tenant === undefined || group.tenant === tenant)
        .map(({ network, ...group }) => ({ ...group, network: network.slice(group.tenant.length + 1) })),
    ),
    /** Address at which a network's resolver answers the network's containers. */
    resolverOf: checked(z.object({ tenant, network: z.string() }), async ({ tenant, network }) => {
      return service.plugin.model.state.networks[keyOf(tenant, network)]?.resolver ?? "";
    }),
    /** Resolves when the containers of the network find the name. */
    awaitName: checked(z.object({ name: z.string() }), ({ name }) => service.plugin.named(name)),

    listFaults: checked(z.object({}), async () => [...service.plugin.faults]),
    /** Switches exactly these faults on. */
    setFaults: checked(z.object({ names: z.array(z.string()) }), async ({ names }) => {
      service.plugin.faults.clear();
      for (const name of names) service.plugin.faults.add(name);
      await service.plugin.sync();
    }),
    versions: checked(z.object({}), () => service.plugin.versions()),
    restart: checked(z.object({}), () => service.restart()),
    /** Ends the plugin as a kill would; only its administration answers until `resume`. */
    halt: checked(z.object({}), () => service.halt()),
    resume: checked(z.object({}), () => service.resume()),
  } as const;
}

/** The methods as a caller sees them. */
export type AdminMethods = ReturnType<typeof adminMethods>;
export type MethodName = keyof AdminMethods;
export type ArgumentsOf<Name extends MethodName> = GivenTo<AdminMethods, Name>;

function listing({ plugin }: AdministeredService) {
  return faultyListing(plugin.model.state, plugin.faults);
}
