import type { Driver, InstalledDriver, Policy, Rule } from "#drivers/driver.ts";
import type { Cluster, ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Blocked, HarnessError } from "#harness/core/errors.ts";
import { nthAddress } from "#harness/core/ip.ts";
import type { Member, PolicyState } from "#harness/oracle/engine/state.ts";
import type { Finding } from "#harness/oracle/nemesis/checks.ts";
import { OrderedRules } from "#harness/oracle/nemesis/rules.ts";
import type { Place } from "#harness/oracle/nemesis/schedule.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import { freshSubnet } from "#harness/workload/fresh-subnet.ts";
import type { Network } from "#harness/workload/network.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";
import { Inhabitant, ports } from "./inhabitant.ts";

/** What a field is made of. */
export interface FieldContext {
  readonly cluster: Cluster;
  readonly driver: InstalledDriver;
  readonly declaration: Driver;
  readonly scope: Scope;
}

const closing = (id: string, port: number): Rule => ({
  ...{ id, direction: "in", protocol: "tcp", action: "deny" },
  port,
});
/** In force from the beginning to the end. */
const standing = closing("1", ports.closed);
const changing = closing("2", ports.changing);

/** How containers of a node are whose engine is back. */
export interface CameBack {
  /** Names of those that the engine did not start again by itself. */
  readonly byHand: readonly string[];
  /** Of those that do not run. */
  readonly findings: readonly Finding[];
}

/** A network with two containers on each of two nodes, of which a policy binds one each, and what becomes of it. */
export class Field {
  readonly nodes: Readonly<Record<Place, ClusterNode>>;
  readonly #scope: Scope;
  readonly #network: Network;
  readonly #inhabitants: Inhabitant[] = [];
  readonly #newcomers = new Map<Place, { readonly scope: Scope; readonly inhabitant: Inhabitant }>();
  /** Names that somebody had, and nobody has any more. */
  readonly #former = new Set<string>();
  #absent: Place | undefined;
  #bound: { readonly policy: Policy; readonly group: string } | undefined;
  /** Of the policy, where there is one. */
  readonly rules = new OrderedRules();

  private constructor(scope: Scope, network: Network, nodes: Field["nodes"]) {
    this.#scope = scope;
    this.#network = network;
    this.nodes = nodes;
  }

  /** Makes it; all of it goes when the scope closes. */
  static async make({ cluster, driver, declaration, scope }: FieldContext): Promise<Field> {
    const nodes = placesOf(cluster);
    const subnet = freshSubnet();
    const network = await driver.createNetwork(scope, { name: uniqueName("field"), subnet });
    const field = new Field(scope, network, nodes);
    if (declaration.capabilities.includes("policy")) await field.#bind(driver);
    const group = field.#bound?.group;
    const started = await Promise.all([
      field.#start(scope, "near", "a", 11, group),
      field.#start(scope, "far", "b", 12, group),
      field.#start(scope, "near", "c", 13),
      field.#start(scope, "far", "d", 14),
    ]);
    field.#inhabitants.push(...started);
    return field;
  }

  async #bind(driver: InstalledDriver): Promise<void> {
    const policy = await createPolicy(this.#scope, driver, uniqueName("policy"));
    await policy.addRule(standing);
    const spec = { name: uniqueName("group"), network: this.#network.name, policies: [policy.name] };
    this.#bound = { policy, group: await createGroup(this.#scope, driver, spec) };
    this.rules.added(standing);
  }

  #start(scope: Scope, place: Place, name: string, host: number, group?: string): Promise<Inhabitant> {
    return Inhabitant.start(scope, this.#network, this.nodes[place], {
      ...{ name: uniqueName(name), tenant: "default", network: this.#network.name },
      addresses: { 4: nthAddress(this.#network.subnet, host) },
      ...(group === undefined ? {} : { group }),
    });
  }

  /** Those who are there: all but those on a node whose engine has ended. */
  get present(): Inhabitant[] {
    return this.all.filter(({ node }) => this.#absent === undefined || node !== this.nodes[this.#absent]);
  }

  /** Those who run, or are to run again. */
  get all(): Inhabitant[] {
    return [...this.#inhabitants, ...[...this.#newcomers.values()].map(({ inhabitant }) => inhabitant)];
  }

  /** Names that lead nowhere. */
  get former(): string[] {
    return [...this.#former];
  }

  /** What these rules say of members. */
  stateOf(members: readonly Member[], rules: readonly Rule[]): PolicyState {
    const tenant = "default";
    const bound = this.#bound;
    if (!bound) return { members, groups: [], policies: [] };
    const { name } = bound.policy;
    return {
      members,
      groups: [{ tenant, name: bound.group, policies: [name] }],
      policies: [{ tenant, name, rules }],
    };
  }

  /** The engine of the node is about to end. */
  async leave(place: Place): Promise<void> {
    const leaving = this.present.filter(({ node }) => node === this.nodes[place]);
    await Promise.all(leaving.map((one) => one.leave()));
    this.#absent = place;
  }

  /** The engine of the node is back; resolves when everybody runs again who will, to what came of it. */
  async comeBack(place: Place, alone: boolean): Promise<CameBack> {
    const coming = this.all.filter(({ node }) => node === this.nodes[place]);
    const hows = await Promise.all(coming.map((one) => one.comeBack(alone)));
    const findings = hows.flatMap((how) => (typeof how === "string" ? [] : [how]));
    if (findings.length === 0) this.#absent = undefined;
    const byHand = coming.filter((_, index) => hows[index] === "by hand").map(({ member }) => member.name);
    return { byHand, findings };
  }

  /** A container on each node that no policy binds, where both are there. */
  get ends(): { readonly near: Inhabitant; readonly far: Inhabitant } | undefined {
    const [, , near, far] = this.#inhabitants;
    return near && far && this.#absent === undefined ? { near, far } : undefined;
  }

  /** A container comes to a node. Throws what it is refused with, and then it is not there. */
  async startNewcomer(place: Place): Promise<void> {
    const scope = this.#scope.child(`a container that comes to ${place}`, { kind: "workload" });
    const inhabitant = await this.#start(scope, place, "new", place === "near" ? 21 : 22).catch(
      async (error: unknown) => {
        await scope.close();
        throw error;
      },
    );
    this.#newcomers.set(place, { scope, inhabitant });
  }

  /** The container that came to a node goes; nothing where it was refused. */
  async endNewcomer(place: Place): Promise<void> {
    const newcomer = this.#newcomers.get(place);
    if (!newcomer) return;
    this.#newcomers.delete(place);
    this.#former.add(newcomer.inhabitant.member.name);
    await newcomer.scope.close();
  }

  /** Adds or deletes the rule that changes. Throws what that is refused with; then the plugin is asked what holds. */
  async changeRule(to: "closed" | "open"): Promise<void> {
    const { policy } = this.#bound ?? {};
    if (!policy) throw new HarnessError("there is no policy whose rules could change");
    const { rules } = this;
    if (rules.has(changing) === (to === "closed")) return;
    try {
      await (to === "closed" ? policy.addRule(changing) : policy.removeRule(changing.id));
    } catch (error) {
      const listed = await policy.rules();
      rules.refused(
        changing,
        listed.some(({ id }) => id === changing.id),
      );
      throw error;
    }
    if (to === "closed") rules.added(changing);
    else rules.removed(changing);
  }
}

/** The first node and the last one. Throws `Blocked` where that is the same. */
export function placesOf({ nodes }: Pick<Cluster, "nodes">): Record<Place, ClusterNode> {
  const [near] = nodes;
  const far = nodes.at(-1);
  if (!near || !far || near === far) throw new Blocked(`two nodes are needed, NODES=${nodes.length}`);
  return { near, far };
}
