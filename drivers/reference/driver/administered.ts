import type { BgpSession, BgpSpec, GroupSpec, NetworkListing, Policy } from "#drivers/driver.ts";
import type { AdminClient } from "#drivers/reference/admin/client.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { defaultTenant } from "#drivers/reference/model/state/state.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance } from "#harness/core/errors.ts";

/** What the plugin's administration does, for containers attached through CNM and through CNI. */
export class Administered {
  protected readonly admin: AdminClient;

  constructor(admin: AdminClient) {
    this.admin = admin;
  }

  async createTenant(scope: Scope, name: string): Promise<void> {
    await ask(`tenant ${name}`, this.admin.call("createTenant", { name }));
    scope.defer(`tenant ${name}`, () => this.admin.call("deleteTenant", { name }));
  }

  listTenants(): Promise<string[]> {
    return this.admin.call("listTenants", {});
  }

  listNetworks(tenant?: string): Promise<NetworkListing[]> {
    return this.admin.call("listNetworks", { tenant });
  }

  async createPolicy(scope: Scope, name: string, tenant = defaultTenant): Promise<Policy> {
    await ask(`policy ${name}`, this.admin.call("createPolicy", { tenant, name }));
    scope.defer(`policy ${name}`, () => this.admin.call("deletePolicy", { tenant, name }));
    const place = { tenant, policy: name };
    return {
      name,
      addRule: (rule) =>
        ask(`policy ${name}, rule ${rule.id}`, this.admin.call("addRule", { ...place, rule })),
      removeRule: (id) => ask(`policy ${name}, rule ${id}`, this.admin.call("removeRule", { ...place, id })),
      rules: () => this.admin.call("listRules", place),
    };
  }

  async listPolicies(tenant?: string): Promise<string[]> {
    return (await this.admin.call("listPolicies", { tenant })).map((policy) => policy.name);
  }

  async createGroup(
    scope: Scope,
    { name, network, policies, tenant = defaultTenant }: GroupSpec,
  ): Promise<void> {
    const given = { tenant, name, network, policies: [...policies] };
    await ask(`group ${name}`, this.admin.call("createGroup", given));
    scope.defer(`group ${name}`, () => this.admin.call("deleteGroup", { tenant, name }));
  }

  listGroups(tenant?: string): Promise<GroupSpec[]> {
    return this.admin.call("listGroups", { tenant });
  }

  async speakBgp(scope: Scope, { node: { name: node }, as, addresses, neighbors }: BgpSpec): Promise<void> {
    scope.defer(`BGP on ${node}`, () => this.admin.call("hushBgp", { node }));
    await ask(
      `BGP on ${node}`,
      this.admin.call("speakBgp", { node, as, addresses: [...addresses], neighbors: [...neighbors] }),
    );
  }

  async listBgpSessions(): Promise<BgpSession[]> {
    const listed = await this.admin.call("listBgpSessions", {});
    return listed.map((one) => ({ ...one, established: one.state === "Established" }));
  }

  restart(): Promise<void> {
    return this.admin.call("restart", {});
  }

  async stop(scope: Scope): Promise<void> {
    scope.defer("the plugin's pause", () => this.admin.call("resume", {}));
    await this.admin.call("halt", {});
  }

  versions(): Promise<Record<string, string>> {
    return this.admin.call("versions", {});
  }
}

/** What the plugin refuses is the plugin's failure. */
export async function ask<T>(who: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Nonconformance({ who, expected: "success", got: error.message });
  }
}
