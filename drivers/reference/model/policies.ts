import { z } from "zod";
import { readAddress, readCidr } from "./addresses.ts";
import { Refusal } from "./refusal.ts";
import {
  defaultTenant,
  type GroupState,
  keyOf,
  type PolicyState,
  type RuleRequest,
  type RuleState,
  ruleShape,
  type State,
} from "./state/state.ts";

const name = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** Tenants, groups, policies and their rules. Works on the state in place; a method does all of its work or throws `Refusal`. */
export class Policies {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  createTenant(tenant: string): void {
    checkName("tenant", tenant);
    if (this.#state.tenants.includes(tenant)) throw new Refusal(`tenant "${tenant}" exists already`);
    this.#state.tenants.push(tenant);
  }

  deleteTenant(tenant: string): void {
    this.#tenant(tenant);
    if (tenant === defaultTenant) throw new Refusal(`tenant "${tenant}" is always there`);
    const { networks, policies, groups } = this.#state;
    const used = [...Object.values(groups), ...Object.values(policies), ...Object.values(networks)].find(
      (thing) => thing.tenant === tenant,
    );
    if (used) throw new Refusal(`tenant "${tenant}" is in use by ${keyOf(used.tenant, used.name)}`);
    this.#state.tenants = this.#state.tenants.filter((other) => other !== tenant);
  }

  createPolicy(tenant: string, policy: string): PolicyState {
    this.#tenant(tenant);
    checkName("policy", policy);
    const key = keyOf(tenant, policy);
    if (this.#state.policies[key]) throw new Refusal(`policy "${policy}" exists already in tenant ${tenant}`);
    this.#state.policies[key] = { tenant, name: policy, rules: {} };
    return this.#state.policies[key];
  }

  deletePolicy(tenant: string, policy: string): void {
    this.#policy(tenant, policy);
    const user = this.#groups(tenant).find((group) => group.policies.includes(policy));
    if (user) throw new Refusal(`policy "${policy}" is in use by group ${user.name}`);
    delete this.#state.policies[keyOf(tenant, policy)];
  }

  addRule(tenant: string, policy: string, request: RuleRequest): RuleState {
    const { rules } = this.#policy(tenant, policy);
    const parsed = ruleShape.safeParse(request);
    if (!parsed.success) throw new Refusal(`rule of policy "${policy}": ${z.prettifyError(parsed.error)}`);
    const rule = parsed.data;
    if (rules[rule.id]) throw new Refusal(`rule "${rule.id}" exists already in policy ${policy}`);
    checkRange("port", rule.port, 0, 65_535);
    checkRange("priority", rule.priority, 1, 100);
    if (rule.port !== 0 && !["tcp", "udp"].includes(rule.protocol)) {
      throw new Refusal(`port ${rule.port} needs protocol tcp or udp, got ${rule.protocol}`);
    }
    const { group, network, address } = rule.peer;
    if (group !== undefined) this.#group(tenant, group);
    if (network !== undefined && !this.#state.networks[keyOf(tenant, network)]) {
      throw new Refusal(`network "${network}" is unknown in tenant ${tenant}`);
    }
    if (address?.includes("/")) readCidr(address);
    else if (address !== undefined) readAddress(address);
    rules[rule.id] = rule;
    return rule;
  }

  removeRule(tenant: string, policy: string, id: string): void {
    const { rules } = this.#policy(tenant, policy);
    if (!rules[id]) throw new Refusal(`rule "${id}" is unknown in policy ${policy}`);
    delete rules[id];
  }

  createGroup(tenant: string, group: string, network: string, policies: readonly string[]): GroupState {
    this.#tenant(tenant);
    checkName("group", group);
    const key = keyOf(tenant, group);
    if (this.#state.groups[key]) throw new Refusal(`group "${group}" exists already in tenant ${tenant}`);
    const { encap } = this.#state.networks[keyOf(tenant, network)] ?? {};
    if (encap === undefined) throw new Refusal(`network "${network}" is unknown in tenant ${tenant}`);
    if (encap === "routed") throw new Refusal(`network "${network}" is routed, and has no groups`);
    for (const policy of policies) this.#policy(tenant, policy);
    this.#state.groups[key] = {
      tenant,
      name: group,
      network: keyOf(tenant, network),
      policies: [...policies],
      mark: this.#state.nextMark++,
    };
    return this.#state.groups[key];
  }

  deleteGroup(tenant: string, group: string): void {
    const { network } = this.#group(tenant, group);
    const attached = Object.values(this.#state.engineNetworks);
    const user = attached.find((one) => one.group === group && one.network === network);
    if (user) throw new Refusal(`group "${group}" is in use by network ${user.id} on ${user.node}`);
    this.refuseNamed(tenant, group);
    delete this.#state.groups[keyOf(tenant, group)];
    if (!attached.some((one) => one.network === network)) delete this.#state.networks[network];
  }

  /** Throws `Refusal` where a rule of the tenant names the group. */
  refuseNamed(tenant: string, group: string): void {
    for (const policy of Object.values(this.#state.policies)) {
      const rule = Object.values(policy.rules).find((one) => one.peer.group === group);
      if (policy.tenant === tenant && rule) {
        throw new Refusal(`group "${group}" is named by rule ${rule.id} of policy ${policy.name}`);
      }
    }
  }

  #tenant(tenant: string): void {
    if (!this.#state.tenants.includes(tenant)) throw new Refusal(`tenant "${tenant}" is unknown`);
  }

  #policy(tenant: string, policy: string): PolicyState {
    const found = this.#state.policies[keyOf(tenant, policy)];
    if (!found) throw new Refusal(`policy "${policy}" is unknown in tenant ${tenant}`);
    return found;
  }

  #group(tenant: string, group: string): GroupState {
    const found = this.#state.groups[keyOf(tenant, group)];
    if (!found) throw new Refusal(`group "${group}" is unknown in tenant ${tenant}`);
    return found;
  }

  #groups(tenant: string): GroupState[] {
    return Object.values(this.#state.groups).filter((group) => group.tenant === tenant);
  }
}

function checkName(kind: string, text: string): void {
  if (!name.test(text)) {
    throw new Refusal(`${kind} name "${text}" is not allowed: expected letters, digits, '_', '.' and '-'`);
  }
}

function checkRange(what: string, value: number, low: number, high: number): void {
  if (value < low || value > high)
    throw new Refusal(`${what} ${value} is out of range: expected ${low} to ${high}`);
}
