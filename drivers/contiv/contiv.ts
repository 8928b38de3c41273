import type { GroupSpec, InstalledDriver, NetworkListing, Policy } from "#drivers/driver.ts";
import {
  parseGroups,
  parseNetworks,
  parsePolicies,
  parseRules,
  parseTenants,
} from "#drivers/kit/netctl/listings.ts";
import { parseVersions } from "#drivers/kit/netctl/messages.ts";
import { ruleOptions } from "#drivers/kit/netctl/rule-options.ts";
import type { Cluster } from "#harness/cluster/cluster.ts";
import type { ProtocolRecorder } from "#harness/cnm/recorder/recorder.ts";
import { announce } from "#harness/core/async/events.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { DeadlineExceeded, Nonconformance } from "#harness/core/errors.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { untilEngines } from "#harness/workload/docker/until-engines.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { NetworkSpec } from "#harness/workload/network.ts";
import { type ContivNetctl, NetmasterSilent } from "./netctl.ts";
import { ContivNetwork, defaultTenant, dockerName, type Guard } from "./network.ts";

/** Contiv refuses to remove what it still counts endpoints or uses of, which go a little after their container. */
const removalMs = 30_000;

/** What is known of the daemons; absent for a Contiv that this run did not start. */
export interface Supervision {
  /** Resolves to what had ended and was started again. */
  revive(): Promise<string[]>;
  /** Resolves once netmaster, which runs, takes orders. */
  netmasterAnswers(): Promise<void>;
  restart(): Promise<void>;
  stop(scope: Scope): Promise<void>;
  /** Versions of what was installed beside Contiv. */
  versions(): Promise<Record<string, string>>;
}

/** A Contiv that is spoken to through netctl. */
export class InstalledContiv implements InstalledDriver {
  readonly underlay = "control";
  readonly protocol?: ProtocolRecorder;
  readonly restart?: () => Promise<void>;
  readonly stop?: (scope: Scope) => Promise<void>;
  readonly #cluster: Cluster;
  readonly #netctl: ContivNetctl;
  readonly #supervision: Supervision | undefined;

  constructor(
    cluster: Cluster,
    netctl: ContivNetctl,
    { supervision, protocol }: { supervision?: Supervision; protocol?: ProtocolRecorder },
  ) {
    this.#cluster = cluster;
    this.#netctl = netctl;
    this.#supervision = supervision;
    if (protocol) this.protocol = protocol;
    if (!supervision) return;
    this.restart = () => supervision.restart();
    this.stop = (scope) => supervision.stop(scope);
  }

  async createNetwork(scope: Scope, spec: NetworkSpec = {}): Promise<ContivNetwork> {
    const {
      tenant = defaultTenant,
      name = uniqueName("net"),
      subnet = freshSubnet(),
      gateway,
      encap,
      tag,
    } = spec;
    const options = [
      ...["-t", tenant, "-s", subnet, ...(gateway ? ["-g", gateway] : [])],
      ...[...(encap ? ["-e", encap] : []), ...(tag === undefined ? [] : ["-p", String(tag)])],
    ];
    await this.#make(scope, ["net", "create", ...options, name], ["net", "rm", "-t", tenant, name], {
      network: dockerName(name, tenant),
    });
    const network = new ContivNetwork(this.#cluster, { name, tenant, subnet }, this.#guard);
    await announce("network created", { network, scope });
    return network;
  }

  async createTenant(scope: Scope, name: string): Promise<void> {
    await this.#make(scope, ["tenant", "create", name], ["tenant", "rm", name]);
  }

  async createPolicy(scope: Scope, name: string, tenant = defaultTenant): Promise<Policy> {
    const place = ["-t", tenant];
    await this.#make(scope, ["policy", "create", ...place, name], ["policy", "rm", ...place, name]);
    return {
      name,
      addRule: async (rule) => {
        await this.#ask("policy", "rule-add", ...place, ...ruleOptions(rule), name, rule.id);
      },
      removeRule: async (id) => {
        await this.#ask("policy", "rule-rm", ...place, name, id);
      },
      rules: async () => parseRules(await this.#ask("policy", "rule-ls", ...place, name)),
    };
  }

  /** A group is a Docker network of its own, on its network's pool. */
  async createGroup(scope: Scope, spec: GroupSpec): Promise<void> {
    const { name, network, policies, tenant = defaultTenant } = spec;
    const bound = policies.flatMap((policy) => ["-p", policy]);
    await this.#make(
      scope,
      ["group", "create", "-t", tenant, ...bound, network, name],
      ["group", "rm", "-t", tenant, name],
      { network: dockerName(name, tenant) },
    );
  }

  async listNetworks(tenant?: string): Promise<NetworkListing[]> {
    const listed = parseNetworks(await this.#ask("net", "ls", ...inTenant(tenant)));
    return Promise.all(
      listed.map(async (network) => ({
        ...network,
        tag: network.tag || (await this.#netctl.tagOf(network.tenant, network.name)),
      })),
    );
  }

  async listTenants(): Promise<string[]> {
    return parseTenants(await this.#ask("tenant", "ls"));
  }

  async listPolicies(tenant?: string): Promise<string[]> {
    return parsePolicies(await this.#ask("policy", "ls", ...inTenant(tenant)));
  }

  async listGroups(tenant?: string): Promise<GroupSpec[]> {
    return parseGroups(await this.#ask("group", "ls", ...inTenant(tenant)));
  }

  async versions(): Promise<Record<string, string>> {
    const { client, server } = parseVersions(await this.#ask("version"));
    return { netctl: client, netmaster: server, ...(await this.#supervision?.versions()) };
  }

  #ask(...argv: string[]): Promise<string> {
    return this.#guard(() => this.#netctl.run(...argv));
  }

  /** Makes something that `remove` removes again when `scope` closes, also when that is before netctl has answered. */
  async #make(
    scope: Scope,
    create: string[],
    remove: string[],
    { network }: { network?: string } = {},
  ): Promise<void> {
    const creation = this.#ask(...create);
    const made = creation.then(
      () => true,
      () => false,
    );
    scope.defer(`netctl ${create.join(" ")}`, async () => {
      if (!(await made)) return;
      await this.#remove(remove);
      if (network) await untilEngines(this.#cluster, network, "forget");
    });
    await creation;
    if (network) await untilEngines(this.#cluster, network, "have");
  }

  async #remove(argv: string[]): Promise<void> {
    let refused: unknown;
    await until({ what: `netctl ${argv.join(" ")}`, deadlineMs: removalMs, everyMs: 500 }, async () => {
      try {
        await this.#ask(...argv);
        return true;
      } catch (error) {
        refused = error;
        return /not found|doesn't exist/i.test((error as Error).message);
      }
    }).catch((error: unknown) => {
      throw error instanceof DeadlineExceeded && refused ? refused : error;
    });
  }

  readonly #guard: Guard = async (work) => {
    try {
      return await work();
    } catch (error) {
      const ended = (await this.#supervision?.revive()) ?? [];
      // A netmaster that was killed and started loses its lead to its former self for a moment, and closes its listener.
      if (ended.length === 0 && error instanceof NetmasterSilent && this.#supervision) {
        await this.#supervision.netmasterAnswers();
        return work();
      }
      if (ended.length === 0) throw error;
      throw new Nonconformance({
        who: "Contiv",
        expected: "daemons that run",
        got: ended.join("\n"),
        evidence: `They were started again. What failed meanwhile: ${(error as Error).message}`,
      });
    }
  };
}

function inTenant(tenant: string | undefined): string[] {
  return tenant === undefined ? ["-a"] : ["-t", tenant];
}
