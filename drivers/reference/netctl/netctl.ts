import type { InstalledDriver, Policy, Rule } from "#drivers/driver.ts";
import type { AdminClient } from "#drivers/reference/admin/client.ts";
import { Refusal } from "#drivers/reference/model/refusal.ts";
import { defaultTenant } from "#drivers/reference/model/state.ts";
import { Nonconformance } from "#harness/core/errors.ts";
import type { Scope } from "#harness/core/scope.ts";
import { type Arguments, BadArguments, type FlagNames, named, oneOf, readArguments } from "./arguments.ts";
import { groupFlags, listFlags, networkFlags, ruleFlags, tenantFlags } from "./flags.ts";
import { netctlTable } from "./table.ts";

/** How a command ended. */
export interface Answer {
  readonly code: number;
  readonly output: string;
}

const ok = 0;
const badArguments = 1;
const refused = 3;

type Run = (given: Arguments) => Promise<string>;

/**
 * The subset of netctl that the tutorial uses, on the project's reference plugin: version; net, tenant, policy, group: create, ls, rm;
 * policy rule-add, rule-ls, rule-rm. What it makes goes when `scope` closes, or by `rm`. `plugin stop` ends the plugin as a kill would.
 */
export class Netctl {
  readonly #scope: Scope;
  readonly #driver: InstalledDriver;
  readonly #admin: AdminClient;
  readonly #made = new Map<string, Scope>();
  /** Closes when the plugin goes on. */
  #pause: Scope | undefined;
  readonly #policies = new Map<string, Policy>();

  constructor(scope: Scope, driver: InstalledDriver, admin: AdminClient) {
    this.#scope = scope;
    this.#driver = driver;
    this.#admin = admin;
  }

  /** Runs one command line, given without the word `netctl`. */
  async run(given: readonly string[]): Promise<Answer> {
    try {
      const [noun = "", verb = "", ...rest] = given;
      if (noun === "version") return { code: ok, output: await this.#version() };
      const command = this.#commands()[`${noun === "network" ? "net" : noun} ${verb}`];
      if (!command) throw new BadArguments(`no such command: netctl ${given.join(" ")}`);
      return { code: ok, output: await command.run(readArguments(rest, command.flags)) };
    } catch (error) {
      if (error instanceof BadArguments) return { code: badArguments, output: `${error.message}\n` };
      if (error instanceof Refusal || error instanceof Nonconformance)
        return { code: refused, output: `${error.message}\n` };
      throw error;
    }
  }

  /** Starts the plugin again, where it was stopped. */
  async resume(): Promise<void> {
    const pause = this.#pause;
    this.#pause = undefined;
    await pause?.close();
  }

  #commands(): Record<string, { flags: FlagNames; run: Run }> {
    const admin = this.#admin;
    return {
      "net create": { flags: networkFlags, run: (given) => this.#createNetwork(given) },
      "net ls": { flags: listFlags, run: (given) => this.#listNetworks(given) },
      "net rm": { flags: tenantFlags, run: (given) => this.#remove("network", given) },
      "tenant create": {
        flags: {},
        run: ({ words }) => {
          const [name] = named(words, "TENANT");
          return this.#make("tenant", name, `Creating tenant: ${name}\n`, (scope) =>
            this.#driver.createTenant!(scope, name),
          );
        },
      },
      "tenant ls": {
        flags: listFlags,
        run: async () =>
          netctlTable(
            ["Name"],
            (await admin.call("listTenants", {})).map((name) => [name]),
          ),
      },
      "tenant rm": { flags: {}, run: (given) => this.#remove("tenant", { ...given, flags: { tenant: "" } }) },
      "policy create": { flags: tenantFlags, run: (given) => this.#createPolicy(given) },
      "policy ls": {
        flags: listFlags,
        run: async ({ flags }) =>
          netctlTable(
            ["Tenant", "Policy"],
            (await admin.call("listPolicies", chosenTenant(flags))).map(({ tenant, name }) => [tenant, name]),
          ),
      },
      "policy rm": { flags: tenantFlags, run: (given) => this.#remove("policy", given) },
      "policy rule-add": { flags: ruleFlags, run: (given) => this.#addRule(given) },
      "policy rule-rm": {
        flags: tenantFlags,
        run: async ({ words, flags }) => {
          const [policy, id] = named(words, "POLICY", "RULE");
          await admin.call("removeRule", { tenant: tenantOf(flags), policy, id });
          return "";
        },
      },
      "policy rule-ls": { flags: listFlags, run: (given) => this.#listRules(given) },
      "group create": { flags: groupFlags, run: (given) => this.#createGroup(given) },
      "group ls": {
        flags: listFlags,
        run: async ({ flags }) =>
          netctlTable(
            ["Tenant", "Group", "Network", "IP Pool", "CfgdTag", "Policies", "Network profile"],
            (await admin.call("listGroups", chosenTenant(flags))).map(
              ({ tenant, name, network, policies }) => [
                ...[tenant, name, network, "", "", policies.join(","), ""],
              ],
            ),
          ),
      },
      "group rm": { flags: tenantFlags, run: (given) => this.#remove("group", given) },
      "plugin stop": {
        flags: {},
        run: async () => {
          this.#pause ??= this.#scope.child("the plugin's pause");
          await this.#driver.stop!(this.#pause);
          return "";
        },
      },
    };
  }

  async #version(): Promise<string> {
    const versions = Object.entries((await this.#driver.versions?.()) ?? {});
    return ["the project's reference plugin", ...versions.map(([name, version]) => `${name}: ${version}`)]
      .join("\n")
      .concat("\n");
  }

  async #createNetwork({ words, flags }: Arguments): Promise<string> {
    const [name] = named(words, "NETWORK");
    const { subnet, gateway, encap, tag } = flags;
    const tenant = tenantOf(flags);
    if (encap !== undefined && encap !== "vxlan" && encap !== "vlan") {
      throw new BadArguments(`encap ${encap}: expected vxlan or vlan`);
    }
    const existing = await this.#admin.call("listNetworks", { tenant });
    if (existing.some((network) => network.name === name)) {
      throw new Refusal(`network ${name} exists already in tenant ${tenant}`);
    }
    return this.#make("network", `${tenant}:${name}`, `Creating network ${tenant}:${name}\n`, (scope) =>
      this.#driver.createNetwork(scope, {
        name,
        ...(tenant === defaultTenant ? {} : { tenant }),
        ...(subnet === undefined ? {} : { subnet }),
        ...(gateway === undefined ? {} : { gateway }),
        ...(encap === undefined ? {} : { encap }),
        ...(tag === undefined ? {} : { tag: Number(tag) }),
      }),
    );
  }

  async #listNetworks({ flags }: Arguments): Promise<string> {
    const networks = await this.#admin.call("listNetworks", chosenTenant(flags));
    if (flags.quiet) return networks.map(({ name }) => `${name}\n`).join("");
    const head = ["Tenant", "Network", "Nw Type", "Encap type", "Packet tag", "Subnet", "Gateway"];
    // The listing shows 0 for a VNI that the plugin has chosen.
    const shown = ({ encap, tag }: (typeof networks)[number]) => (encap === "vlan" ? String(tag) : "0");
    return netctlTable(
      [...head, "IPv6Subnet", "IPv6Gateway", "Cfgd Tag"],
      networks.map((network) => {
        const { tenant, name, encap, subnet, gateway } = network;
        return [
          tenant,
          name,
          "data",
          encap,
          shown(network),
          subnet,
          gateway,
          "",
          "",
          encap === "vlan" ? String(network.tag) : "",
        ];
      }),
    );
  }

  #createPolicy({ words, flags }: Arguments): Promise<string> {
    const [name] = named(words, "POLICY");
    const tenant = tenantOf(flags);
    return this.#make("policy", `${tenant}:${name}`, `Creating policy ${tenant}:${name}\n`, async (scope) => {
      this.#policies.set(`${tenant}:${name}`, await this.#driver.createPolicy!(scope, name, tenant));
    });
  }

  async #addRule({ words, flags }: Arguments): Promise<string> {
    const [policy, id] = named(words, "POLICY", "RULE");
    const { direction, protocol = "any", port, action, priority, group, network, address } = flags;
    const tenant = tenantOf(flags);
    const rule = {
      id,
      direction: oneOf("direction", direction, ["in", "out"]),
      protocol: oneOf("protocol", protocol, ["tcp", "udp", "icmp", "any"]),
      action: oneOf("action", action, ["allow", "deny"]),
      ...(port === undefined || port === "0" ? {} : { port: Number(port) }),
      ...(priority === undefined ? {} : { priority: Number(priority) }),
      peer: { ...(group ? { group } : {}), ...(network ? { network } : {}), ...(address ? { address } : {}) },
    } satisfies Rule;
    const known = this.#policies.get(`${tenant}:${policy}`);
    if (!known) throw new Refusal(`policy ${policy} is unknown in tenant ${tenant}`);
    await known.addRule(rule);
    return "";
  }

  async #listRules({ words, flags }: Arguments): Promise<string> {
    const [policy] = named(words, "POLICY");
    const rules = await this.#admin.call("listRules", { tenant: tenantOf(flags), policy });
    const table = (direction: "in" | "out", way: "From" | "To") =>
      netctlTable(
        [
          "Rule",
          "Priority",
          `${way} EndpointGroup`,
          `${way} Network`,
          `${way} IpAddress`,
          "Protocol",
          "Port",
          "Action",
        ],
        rules
          .filter((rule) => rule.direction === direction)
          .map(({ id, priority, peer, protocol, port, action }) => [
            ...[id, String(priority), peer.group ?? "", peer.network ?? "", peer.address ?? ""],
            ...[protocol === "any" ? "" : protocol, String(port), action],
          ]),
      );
    return `Incoming Rules:\n${table("in", "From")}Outgoing Rules:\n${table("out", "To")}`;
  }

  #createGroup({ words, flags }: Arguments): Promise<string> {
    const [network, name] = named(words, "NETWORK", "GROUP");
    const tenant = tenantOf(flags);
    const policies = flags.policy?.split(",").filter(Boolean) ?? [];
    return this.#make("group", `${tenant}:${name}`, `Creating EndpointGroup ${tenant}:${name}\n`, (scope) =>
      this.#driver.createGroup!(scope, { name, network, policies, tenant }),
    );
  }

  async #make(
    kind: string,
    name: string,
    said: string,
    make: (scope: Scope) => Promise<unknown>,
  ): Promise<string> {
    const scope = this.#scope.child(`${kind} ${name}`);
    try {
      await make(scope);
    } catch (error) {
      await scope.close();
      throw error;
    }
    this.#made.set(`${kind} ${name}`, scope);
    return said;
  }

  async #remove(kind: string, { words, flags }: Arguments): Promise<string> {
    const [name] = named(words, kind.toUpperCase());
    const key = kind === "tenant" ? name : `${tenantOf(flags)}:${name}`;
    const scope = this.#made.get(`${kind} ${key}`);
    if (!scope) throw new Refusal(`${kind} ${key} not found`);
    await scope.close();
    this.#made.delete(`${kind} ${key}`);
    return `Deleting ${kind} ${key}\n`;
  }
}

function tenantOf(flags: Arguments["flags"]): string {
  return flags.tenant || defaultTenant;
}

/** The default tenant unless another or all of them are asked for. */
function chosenTenant(flags: Arguments["flags"]): { tenant?: string } {
  return flags.all ? {} : { tenant: tenantOf(flags) };
}
