import type { ClusterNode } from "#harness/cluster/cluster.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import type { ProbeAgent } from "#harness/host/agent/agent.ts";
import type { BriefReach } from "#harness/host/agent/reach-all.ts";
import { type ProbeService, serve } from "#harness/observe/probe/service.ts";
import type { Flow, Member } from "#harness/oracle/engine/state.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";

/** What somebody who takes part is to be. */
export interface ParticipantSpec {
  readonly member: Member;
  /** Served over TCP and UDP, with the member's name as the answer. */
  readonly ports: readonly number[];
  readonly bare: boolean;
}

/** A member that runs: it opens flows, and answers them. */
export class Participant {
  readonly member: Member;
  /** Where it runs. */
  readonly node: Workload["node"];
  readonly #agent: ProbeAgent;
  readonly #services: readonly ProbeService[];

  private constructor(
    { member, node }: { readonly member: Member; readonly node: Workload["node"] },
    agent: ProbeAgent,
    services: readonly ProbeService[],
  ) {
    this.member = member;
    this.node = node;
    this.#agent = agent;
    this.#services = services;
  }

  /** Starts it with its servers; it goes when `scope` closes. */
  static async start(
    scope: Scope,
    network: Network,
    node: ClusterNode,
    { member, ports, bare }: ParticipantSpec,
  ): Promise<Participant> {
    const { name, group, addresses } = member;
    const workload = await network.run(scope, node, {
      ...{ name, ip: addresses[4] },
      ...(addresses[6] ? { ip6: addresses[6] } : {}),
      ...(group === undefined ? {} : { group }),
      ...(bare ? { bare } : {}),
    });
    return Participant.of(workload, member, ports);
  }

  /** A workload that runs as that member; it serves those ports until its agent ends. */
  static async of(workload: Workload, member: Member, ports: readonly number[]): Promise<Participant> {
    const services = await Promise.all(
      (["tcp", "udp"] as const).map((protocol) =>
        serve(workload, { ports, protocol, identity: member.name }),
      ),
    );
    return new Participant({ member, node: workload.node }, await workload.agent(), services);
  }

  /** Opens these flows, all at once; what became of them, in their order. */
  async open(flows: readonly Flow[], options: { timeoutMs: number; nonce: string }): Promise<BriefReach[]> {
    const targets = flows.map(({ to, family, protocol, port }) => ({
      ...{ protocol, address: to.addresses[family] ?? "" },
      ...(port === undefined ? {} : { port }),
    }));
    return this.#agent.reachAll({ targets, ...options });
  }

  /** Which of these flows, all of them to this one, have arrived with that nonce. What was never completed over TCP has not. */
  async arrived(flows: readonly Flow[], nonce: string): Promise<Flow[]> {
    const asked = this.#services.filter(({ protocol }) => flows.some((flow) => flow.protocol === protocol));
    const arrivals = (await Promise.all(asked.map(({ listener }) => listener.received(nonce)))).flat();
    return flows.filter(({ from, family, protocol, port }) =>
      arrivals.some(
        (one) =>
          one.protocol === protocol && one.port === port && one.from.address === from.addresses[family],
      ),
    );
  }
}
