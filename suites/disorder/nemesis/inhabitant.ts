import type Docker from "dockerode";
import type { ClusterNode } from "#harness/cluster/cluster.ts";
import { until } from "#harness/core/async/poll.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { didNotCome, HarnessError } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import type { ExecResult } from "#harness/host/host.ts";
import { embeddedDns } from "#harness/observe/probe/names.ts";
import type { Member } from "#harness/oracle/engine/state.ts";
import type { AddressSeen, Finding, NameSeen } from "#harness/oracle/nemesis/checks.ts";
import { CnmWorkload } from "#harness/workload/docker/network.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { Participant } from "#suites/disorder/policies/participant.ts";

export const ports = { open: 8888, closed: 8889, changing: 8890 } as const;

/** As long as other chapters give an engine that is back until a container of its runs. */
const backMs = 90_000;
/** An engine that has not tried by then to start a container while something else was disturbed will not. */
const unstartedMs = 30_000;
const askMs = 1_000;

/** Where a member lives, what runs there, and what it is in the eyes of others. */
interface Life {
  readonly workload: Workload;
  readonly participant: Participant;
}

/** A container that is always to run, through the ends of its engine. */
export class Inhabitant {
  readonly member: Member;
  readonly node: ClusterNode;
  readonly #scope: Scope;
  /** Name of its network for its engine, which is that of its group where it has one. */
  readonly #network: string;
  #life: Life;

  private constructor(scope: Scope, network: string, node: ClusterNode, member: Member, life: Life) {
    this.#scope = scope;
    this.#network = network;
    this.node = node;
    this.member = member;
    this.#life = life;
  }

  /** Starts it with its servers; it goes when `scope` closes. Throws `Nonconformance` where it is refused. */
  static async start(scope: Scope, network: Network, node: ClusterNode, member: Member): Promise<Inhabitant> {
    const { name, group, addresses } = member;
    const workload = await network.run(scope, node, {
      ...{ name, ip: addresses[4], restart: "always" },
      ...(group === undefined ? {} : { group }),
    });
    const inspected = await node.docker.getContainer(workload.id).inspect();
    const attached = Object.entries(inspected.NetworkSettings.Networks).find(
      ([, endpoint]) => endpoint.IPAddress === workload.ip,
    );
    if (!attached) throw new HarnessError(`${name} has ${workload.ip} on no network of its engine`);
    const life = { workload, participant: await Participant.of(workload, member, Object.values(ports)) };
    return new Inhabitant(scope, attached[0], node, member, life);
  }

  get participant(): Participant {
    return this.#life.participant;
  }

  /** Ends its agent before its engine ends, which would keep the namespace of a container that has gone. */
  async leave(): Promise<void> {
    await (await this.#life.workload.agent()).close();
  }

  /**
   * Waits until it runs again, attached, once its engine answers. It has `restart: always`: where nothing else is disturbed (`alone`) it is
   * the engine that starts it. Else the engine may have tried in vain, and does not try twice: then it is started by hand, once the engine
   * has told why, or has not tried for long. Resolves to how it came back, or to what is wrong after 90 s.
   */
  async comeBack(alone: boolean): Promise<"by itself" | "by hand" | Finding> {
    const container = this.node.docker.getContainer(this.#life.workload.id);
    let got = "nothing";
    let how: "by itself" | "by hand" = "by itself";
    const begun = performance.now();
    const look = async (): Promise<Docker.ContainerInspectInfo | undefined> => {
      const seen = await container.inspect();
      const { Running, Restarting, Status, Error: reason } = seen.State;
      const attached = seen.NetworkSettings.Networks[this.#network]?.IPAddress;
      if (Running && attached) return seen;
      got = `${Status}${reason ? `: ${reason}` : ""}, ${attached || "no address"}`;
      if (alone || Running || Restarting) return undefined;
      if (!reason && performance.now() - begun < scaled(unstartedMs)) return undefined;
      how = "by hand";
      const refused = await refusalOf(container.start());
      if (refused !== undefined) got = `docker start: ${refused}`;
      return undefined;
    };
    const what = `${this.member.name} to run again`;
    const inspected = await until({ what, deadlineMs: backMs, everyMs: 200 }, look).catch(
      (error: unknown) => {
        if (!didNotCome(error)) throw error;
        return undefined;
      },
    );
    if (!inspected) {
      const who = `${this.member.name} on ${this.node.name}, whose engine is back`;
      const expected = `to run again${alone ? ", started by its engine" : ""}, attached to ${this.#network}`;
      return {
        checker: "restarts",
        who,
        expected: `${expected}, within ${backMs / 1000} s`,
        got,
        forGood: true,
      };
    }
    const workload = new CnmWorkload(this.#scope, this.node, inspected, this.#network);
    const participant = await Participant.of(workload, this.member, Object.values(ports));
    this.#life = { workload, participant };
    return how;
  }

  /** Runs a tool of its node in its network namespace. */
  inNetns(argv: readonly string[]): Promise<ExecResult> {
    return this.#life.workload.inNetns(argv);
  }

  /** What it is told of a name that must lead to `wanted`, or nowhere. */
  async ask(name: string, wanted?: string): Promise<NameSeen> {
    const agent = await this.#life.workload.agent();
    const answer = await agent.resolve({ name, nameserver: embeddedDns, timeoutMs: askMs });
    const told = answer.state === "resolved" ? [...answer.addresses].sort() : [];
    return { by: this.member.name, name, ...(wanted === undefined ? {} : { wanted }), told };
  }

  /** The addresses and the MAC that it has, inside. */
  async look(): Promise<AddressSeen> {
    const links = await this.#life.workload.links();
    const wanted = this.member.addresses[4];
    const bare = (addresses: readonly string[]) => addresses.map((address) => address.split("/")[0] ?? "");
    const own = links.find(({ addresses }) => bare(addresses).includes(wanted));
    return {
      ...{ of: this.member.name, wanted, addresses: links.flatMap(({ addresses }) => bare(addresses)) },
      ...(own ? { mac: own.mac } : {}),
    };
  }
}

/** What an engine said no with; it may have done meanwhile what it is asked for. */
async function refusalOf(answer: Promise<unknown>): Promise<string | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    const { statusCode, json, message } = error as Error & {
      statusCode?: number;
      json?: { message?: string };
    };
    if (statusCode === undefined) throw error;
    return statusCode === 304 ? undefined : (json?.message ?? message);
  }
}
