import { DataplaneFaults } from "#drivers/reference/faults/dataplane.ts";
import { Model } from "#drivers/reference/model/model.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import { Store } from "#drivers/reference/model/state/store.ts";
import { HarnessError } from "#harness/core/errors.ts";
import { boundBy, groupSlots, policySlots } from "#harness/oracle/cases/case.ts";
import type { Setting, Step } from "#harness/oracle/cases/steps.ts";
import type { Flow, Member } from "#harness/oracle/engine/state.ts";
import { FlowTables, type Packet } from "./flow-tables.ts";

const nodes = ["node1", "node2"] as const;
type Node = (typeof nodes)[number];
/** Any free port: no rule names it. */
const clientPort = 40_001;

/** Where members of these names run; all others run on the second node. */
const onFirstNode = ["a1", "free", "x2"];

/**
 * The reference plugin's model and the flows that it plans for two nodes, mistakes included, without the nodes: packets meet the flows of
 * the sender's node and of the receiver's.
 */
export class SimulatedPlugin {
  readonly #setting: Setting;
  readonly #model = new Model(new Store(), { firstVni: 100 });
  readonly #faults: DataplaneFaults;
  #tables: Readonly<Record<Node, FlowTables>> | undefined;

  constructor(setting: Setting, mistake?: string) {
    this.#setting = setting;
    this.#faults = new DataplaneFaults(new Set(mistake === undefined ? [] : [mistake]));
    this.#model.change(({ policies }) => {
      for (const tenant of tenantsOf(setting)) if (tenant !== defaultTenant) policies.createTenant(tenant);
      for (const slot of policySlots) policies.createPolicy(setting.tenant, setting.policies[slot]);
    });
    for (const tenant of tenantsOf(setting)) this.#makeNetworks(tenant);
    for (const member of setting.members) this.#start(member);
    this.#plan();
  }

  do(step: Step): void {
    const { tenant, policies, groups, visitor } = this.#setting;
    switch (step.do) {
      case "add rule":
        this.#model.change((draft) =>
          draft.policies.addRule(tenant, policies[step.policy], toRequest(step.rule)),
        );
        break;
      case "remove rule":
        this.#model.change((draft) => draft.policies.removeRule(tenant, policies[step.policy], step.id));
        break;
      case "start visitor":
        this.#start({ ...visitor, group: groups[step.group] });
        break;
      case "stop visitor":
        this.#stop(visitor.name);
        break;
    }
    this.#plan();
  }

  /** Whether the first packet gets there and an answer comes back. */
  lets(flow: Flow): boolean {
    const request = this.#packet(flow);
    const answer = { ...reversed(request), reply: true };
    const there = [this.#nodeOf(flow.from), this.#nodeOf(flow.to)];
    const path = [...new Set(there)];
    return (
      path.every((node) => this.#tables![node].passes(request)) &&
      path.toReversed().every((node) => this.#tables![node].passes(answer))
    );
  }

  #makeNetworks(tenant: string): void {
    const { networks: names, groups, policies: policyNames, tenant: own } = this.#setting;
    const ofTenant = tenant === own ? [names.own, names.another] : [names.own];
    this.#model.change(({ networks, policies }) => {
      const attach = (
        id: string,
        node: Node,
        subnets: (typeof subnetsOf)["own"],
        name: string,
        group?: string,
      ) =>
        networks.attach({
          ...{ id, node, ...subnets },
          options: { tenant, network: name, ...(group === undefined ? {} : { group }) },
        });
      for (const node of nodes) {
        for (const name of ofTenant) {
          const subnets = name === names.own ? subnetsOf.own : subnetsOf.another;
          attach(`${tenant} ${name} ${node}`, node, subnets, name);
        }
      }
      for (const slot of groupSlots) {
        const bound = tenant === own ? boundBy[slot].map((policy) => policyNames[policy]) : [];
        policies.createGroup(tenant, groups[slot], names.own, bound);
        for (const node of nodes) {
          attach(`${tenant} ${groups[slot]} ${node}`, node, subnetsOf.own, names.own, groups[slot]);
        }
      }
    });
  }

  #start(member: Member): void {
    const { name, tenant, group, network, addresses } = member;
    const node = this.#nodeOf(member);
    this.#model.change(({ networks }) => {
      const engineNetwork = `${tenant} ${group ?? network} ${node}`;
      const id = idOf(member);
      networks.createEndpoint({
        ...{ id, node, engineNetwork, mac: macOf(member) },
        ...{ ipv4: `${addresses[4]}/24`, ipv6: `${addresses[6]}/64` },
      });
      networks.join(engineNetwork, id, `/${name}`);
    });
  }

  #stop(name: string): void {
    this.#model.change(({ state }) => {
      for (const { id } of Object.values(state.endpoints)) {
        if (id.endsWith(` ${name}`)) delete state.endpoints[id];
      }
    });
  }

  #plan(): void {
    const [first, second] = nodes.map(
      (node) => new FlowTables(this.#faults.planFor(this.#model.state, node, "eth2").flows),
    );
    this.#tables = { node1: first!, node2: second! };
  }

  #packet({ from, to, family, protocol, port = 0 }: Flow): Packet {
    const network = this.#model.state.networks[`${from.tenant}/${from.network}`];
    if (!network) throw new HarnessError(`there is no network ${from.network} of ${from.tenant}`);
    return {
      ...{ family, protocol, tag: network.localTag, reply: false },
      ...{ source: from.addresses[family] ?? "", destination: to.addresses[family] ?? "" },
      ...{ sourceMac: macOf(from), destinationMac: macOf(to) },
      ...{ sourcePort: protocol === "icmp" ? 0 : clientPort, destinationPort: port },
    };
  }

  #nodeOf({ name }: Pick<Member, "name">): Node {
    return onFirstNode.includes(name) ? "node1" : "node2";
  }
}

const subnetsOf = {
  own: {
    ipv4: { subnet: "10.1.2.0/24", gateway: "10.1.2.1/24" },
    ipv6: { subnet: "fd00:1:2::/64", gateway: "fd00:1:2::1/64" },
  },
  another: {
    ipv4: { subnet: "10.1.3.0/24", gateway: "10.1.3.1/24" },
    ipv6: { subnet: "fd00:1:3::/64", gateway: "fd00:1:3::1/64" },
  },
};

let started = 0;

/** Another one each time, as engines name endpoints. */
function idOf({ name }: Member): string {
  return `${started++} ${name}`;
}

function macOf({ addresses, tenant }: Member): string {
  const last = Number(addresses[4].split(".").at(-1));
  return `02:00:00:00:${tenant === defaultTenant ? "00" : "01"}:${last.toString(16).padStart(2, "0")}`;
}

function tenantsOf({ members }: Setting): string[] {
  return [...new Set(members.map(({ tenant }) => tenant))];
}

function toRequest(rule: Extract<Step, { do: "add rule" }>["rule"]) {
  const { peer = {}, ...rest } = rule;
  return { ...rest, peer };
}

function reversed(packet: Packet): Packet {
  return {
    ...packet,
    ...{ source: packet.destination, destination: packet.source },
    ...{ sourceMac: packet.destinationMac, destinationMac: packet.sourceMac },
    ...{ sourcePort: packet.destinationPort, destinationPort: packet.sourcePort },
  };
}
