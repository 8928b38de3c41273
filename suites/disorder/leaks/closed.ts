import { type Rule, usualPolicySemantics } from "#drivers/driver.ts";
import { alongside, type Lane } from "#harness/core/async/alongside.ts";
import { sayHowFar } from "#harness/core/async/how-far.ts";
import type { Scope } from "#harness/core/async/scope.ts";
import { Nonconformance, ProbeFailed } from "#harness/core/errors.ts";
import type { Arrival } from "#harness/host/agent/reach.ts";
import { besideControl } from "#harness/observe/probe/control.ts";
import { expectBlocked, expectOpen } from "#harness/observe/probe/reachability.ts";
import { type ProbeService, serve } from "#harness/observe/probe/service.ts";
import { uniqueName } from "#harness/workload/docker/network.ts";
import type { Network } from "#harness/workload/network.ts";
import type { Workload } from "#harness/workload/workload.ts";
import { twoNodes } from "#suites/plugin/fixture.ts";
import { createGroup, createPolicy } from "#suites/policy/fixture.ts";
import type { FieldContext } from "./field.ts";

/** A container of which a policy lets others reach one port alone, and one that asks for the rest. */
export interface ClosedPorts {
  readonly network: Network;
  readonly client: Workload;
  readonly member: Workload;
  /** The member's servers, one of each protocol, on all ports. */
  readonly services: readonly ProbeService[];
}

/** Something that came in at a closed port. */
export interface Intrusion extends Arrival {
  /** From 1. */
  readonly round: number;
}

/** What came of all rounds. */
export interface Closedness {
  /** Groups that were made and removed. */
  readonly rounds: number;
  readonly attempts: number;
  readonly intrusions: readonly Intrusion[];
}

const openPort = 8888;
/** Each differs from the open one in another bit: what a switch has decided for one of them, by a prefix of the port, is not for the next. */
const closedPorts = Array.from({ length: 12 }, (_, bit) => openPort ^ (1 << bit));
const protocols = ["tcp", "udp"] as const;
/** Who hangs up before the handshake is over leaves no trace at the server; a datagram has come in when it has. */
const answerMs = { tcp: 100, udp: 2 } as const;
const shownIntrusions = 20;
/** So many rounds in which something came in tell what there is to tell. */
const enough = 5;

const openRules = protocols.map(
  (protocol, index): Rule => ({
    ...{ id: String(index + 1), direction: "in", protocol, port: openPort },
    ...{ action: "allow", priority: 10 },
  }),
);
const closingRule: Rule = { id: "3", direction: "in", protocol: "any", action: "deny", priority: 1 };
const openingRule: Rule = { id: "1", direction: "in", protocol: "any", action: "allow", priority: 1 };
const settleMs = 5_000;

/**
 * Makes a group of one member on the first node that may be reached on one port, and a client in no group on the second. Throws
 * `Nonconformance` where the policy does not bind the member, and `Blocked` on a cluster of one node.
 */
export async function makeClosedPorts(context: FieldContext): Promise<ClosedPorts> {
  const { cluster, driver, scope } = context;
  const [near, far] = twoNodes(cluster.nodes);
  const network = await driver.createNetwork(scope);
  const client = await network.run(scope, far, { name: uniqueName("client") });
  const { combine } = context.declaration.policySemantics ?? usualPolicySemantics;
  // Where rules add up, what none of them allows is closed.
  const rules = combine === "additive" ? openRules : [...openRules, closingRule];
  const group = await makeGroup(context, scope, { name: uniqueName("group"), network, rules });
  const member = await network.run(scope, near, { name: uniqueName("member"), group });
  const ports = [openPort, ...closedPorts];
  const services = await Promise.all(protocols.map((protocol) => serve(member, { protocol, ports })));
  await Promise.all(
    services.map((service) =>
      expectBlocked(client, service.at(closedPorts[0]!), {
        control: { target: service.at(openPort) },
        settleMs,
      }),
    ),
  );
  return { network, client, member, services };
}

/** With a policy of its own; resolves to its name. */
async function makeGroup(
  { driver }: FieldContext,
  scope: Scope,
  { name, network, rules }: { name: string; network: Network; rules: readonly Rule[] },
): Promise<string> {
  const policy = await createPolicy(scope, driver, uniqueName("policy"));
  for (const rule of rules) await policy.addRule(rule);
  return createGroup(scope, driver, { name, network: network.name, policies: [policy.name] });
}

/**
 * Makes and removes so many groups, each with a policy, while the client asks for the closed ports; fewer, once something came in there in
 * five rounds. Resolves to what did, between two sights of the open port. Throws `ProbeFailed` where that is not seen, or nothing was asked.
 */
export async function amongOtherGroups(
  context: FieldContext,
  ports: ClosedPorts,
  rounds: number,
): Promise<Closedness> {
  const { client, services } = ports;
  const arrivals = new Arrivals(services);
  // What came in before the policy was in force is not asked for here.
  await arrivals.take(0);
  const seen = await besideControl(
    () => Promise.all(services.map((service) => expectOpen(client, service.at(openPort)))),
    () => playRounds(context, ports, arrivals, rounds),
  );
  // What was still under way when the last round ended.
  return { ...seen, intrusions: [...seen.intrusions, ...(await arrivals.take(seen.rounds))] };
}

async function playRounds(
  context: FieldContext,
  ports: ClosedPorts,
  arrivals: Arrivals,
  rounds: number,
): Promise<Closedness> {
  const intrusions: Intrusion[] = [];
  let played = 0;
  const attempts = await alongside(
    protocols.map((protocol) => knock(ports, protocol)),
    async (goesOn) => {
      while (played < rounds && roundsOf(intrusions).size < enough && goesOn()) {
        sayHowFar(played, rounds, "groups");
        played += 1;
        const own = context.scope.child(`the group of round ${played}`);
        try {
          // Nothing is closed where the member is taken for one of it. By name it comes before the group that the member is in.
          const beside = { name: uniqueName("beside"), network: ports.network, rules: [openingRule] };
          await makeGroup(context, own, beside);
        } finally {
          await own.close();
        }
        intrusions.push(...(await arrivals.take(played)));
      }
    },
  );
  if (attempts === 0) throw new ProbeFailed(`${ports.client.name} asked nothing while groups were made`);
  return { rounds: played, attempts, intrusions };
}

function roundsOf(intrusions: readonly Intrusion[]): Set<number> {
  return new Set(intrusions.map(({ round }) => round));
}

/** What came in at closed ports, told once. */
class Arrivals {
  readonly #services: readonly ProbeService[];
  /** How many of a server's arrivals have been told. */
  readonly #told = new Map<ProbeService, number>();
  /** Clients whose handshake was under way when they were told; that list does not grow alone. */
  readonly #halfOpen = new Set<string>();

  constructor(services: readonly ProbeService[]) {
    this.#services = services;
  }

  async take(round: number): Promise<Intrusion[]> {
    const all = this.#services.map(async (service) => {
      const arrived = (await service.listener.received()).filter(({ port }) => port !== openPort);
      const whole = arrived.filter(({ halfOpen }) => !halfOpen);
      const begun = arrived.filter((arrival) => arrival.halfOpen && !this.#halfOpen.has(clientOf(arrival)));
      const news = whole.slice(this.#told.get(service)).filter((one) => !this.#halfOpen.has(clientOf(one)));
      this.#told.set(service, whole.length);
      for (const arrival of begun) this.#halfOpen.add(clientOf(arrival));
      return [...news, ...begun].map((arrival) => ({ ...arrival, round }));
    });
    return (await Promise.all(all)).flat();
  }
}

function clientOf({ protocol, port, from }: Arrival): string {
  return `${protocol} ${from.port} to ${port}`;
}

/** Attempts to reach the closed ports: over TCP all of them at once, over UDP one after the other. */
function knock({ client, member }: ClosedPorts, protocol: (typeof protocols)[number]): Lane {
  const batches = protocol === "tcp" ? [closedPorts] : closedPorts.map((port) => [port]);
  const options = { protocol, address: member.ip, timeoutMs: answerMs[protocol] };
  return async (goesOn) => {
    const agent = await client.agent();
    let attempts = 0;
    for (let turn = 0; goesOn(); turn++) {
      const ports = batches[turn % batches.length]!;
      await agent.scan({ ...options, ports });
      attempts += ports.length;
    }
    return attempts;
  };
}

/** Throws `Nonconformance` that tells in which rounds something came in at a closed port. */
export function expectNoneIn({ client, member }: ClosedPorts, seen: Closedness): void {
  const { rounds, attempts, intrusions } = seen;
  if (intrusions.length === 0) return;
  const told = intrusions
    .slice(0, shownIntrusions)
    .map(
      ({ round, protocol, port, halfOpen }) =>
        `  round ${round}: ${protocol} ${port}${halfOpen ? ", whose answer got lost" : ""}`,
    );
  throw new Nonconformance({
    who: `${client.name} to closed ports of ${member.name}, while ${rounds} other groups were made and removed`,
    expected: "nothing to come in",
    got: `${intrusions.length} arrivals of ${attempts} attempts, in ${roundsOf(intrusions).size} of ${rounds} rounds\n${told.join("\n")}`,
  });
}
