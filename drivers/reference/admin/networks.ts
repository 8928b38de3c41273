import type { Subnets } from "#drivers/reference/engine-networks.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { keyOf } from "#drivers/reference/model/state/state.ts";
import type { AdministeredService } from "./administered.ts";

interface Place {
  readonly tenant: string;
  readonly name: string;
}

interface NetworkOrder extends Place, Subnets {
  readonly encap?: string | undefined;
  readonly tag?: number | undefined;
}

/** Makes a network on the engine of every node; where no engine is served, on every node for its runtime. */
export async function makeNetwork(service: AdministeredService, order: NetworkOrder): Promise<void> {
  const { plugin, engines } = service;
  const { tenant, name, encap, tag, ...subnets } = order;
  if (plugin.model.state.networks[keyOf(tenant, name)]) {
    throw new Refusal(`network "${name}" exists already in tenant ${tenant}`);
  }
  if (!engines.served) {
    return plugin.administer(({ attachments }) => {
      for (const node of plugin.nodes) attachments.createNetwork(node, order);
    });
  }
  const asked = {
    ...{ tenant, network: name },
    ...(encap === undefined ? {} : { encap }),
    ...(tag === undefined ? {} : { tag }),
  };
  await engines.create(asked, subnets, () => service.plugin.model.state);
}

/** Removes a network from all nodes. Throws `Refusal` while a container is on it, or a group draws on it. */
export async function removeNetwork({ plugin, engines }: AdministeredService, place: Place): Promise<void> {
  const key = keyOf(place.tenant, place.name);
  const { networks, groups, engineNetworks } = plugin.model.state;
  if (!networks[key]) throw new Refusal(`network "${place.name}" is unknown in tenant ${place.tenant}`);
  const user = Object.values(groups).find(({ network }) => network === key);
  if (user) throw new Refusal(`network "${place.name}" is in use by group ${user.name}`);
  if (!engines.served) {
    return plugin.administer(({ attachments }) => {
      for (const node of plugin.nodes) attachments.deleteNetwork(node, place);
    });
  }
  await engines.remove(Object.values(engineNetworks).filter(({ network }) => network === key));
}

/** Makes a group and, where engines are served, its network on all of them; on none where one refuses. */
export async function makeGroup(
  service: AdministeredService,
  { tenant, name, network, policies: names }: Place & { network: string; policies: string[] },
): Promise<void> {
  const { plugin, engines } = service;
  await plugin.administer(({ policies }) => void policies.createGroup(tenant, name, network, names));
  const { subnet, gateway, subnet6, encap } = plugin.model.state.networks[keyOf(tenant, network)]!;
  if (!engines.served) return;
  try {
    await engines.create(
      { tenant, network, group: name, encap },
      { subnet, gateway, subnet6 },
      () => service.plugin.model.state,
    );
  } catch (error) {
    await service.plugin.administer(({ policies }) => policies.deleteGroup(tenant, name));
    throw error;
  }
}

/** Removes a group's network from all engines, then the group. Throws `Refusal` while a container or a rule uses it. */
export async function removeGroup(service: AdministeredService, { tenant, name }: Place): Promise<void> {
  const { plugin, engines } = service;
  const group = plugin.model.state.groups[keyOf(tenant, name)];
  if (!group) throw new Refusal(`group "${name}" is unknown in tenant ${tenant}`);
  plugin.model.change(({ policies }) => policies.refuseNamed(tenant, name));
  const drawn = Object.values(plugin.model.state.engineNetworks).filter(
    (one) => one.group === name && one.network === group.network,
  );
  if (engines.served) await engines.remove(drawn);
  await service.plugin.administer(({ policies }) => policies.deleteGroup(tenant, name));
}
