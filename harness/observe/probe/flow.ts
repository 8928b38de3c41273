import { until } from "#harness/core/async/poll.ts";
import { familyOf } from "#harness/core/ip.ts";
import type { ProbeAgent } from "#harness/host/agent/agent.ts";
import { describeReach, type Reach } from "#harness/host/agent/reach.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import { untilSeen } from "./expectation.ts";
import { isOpen } from "./reachability.ts";
import { describeTarget, type Peer, type ProbeTarget, probeOf } from "./service.ts";

type OpenReach = Extract<Reach, { state: "open" }>;

/** Milliseconds for one attempt, in which a datagram is sent up to three times. */
const attemptMs = 900;
/** Between two attempts, so that no answer of the kernels expires. */
const everyMs = 50;
const usualMs = 120_000;

/** Datagrams from one port of a client: address translation treats them as one connection. */
export interface FlowEnds {
  readonly from: Peer;
  /** Of the client. */
  readonly fromPort: number;
  /** A UDP server of the harness. */
  readonly target: ProbeTarget;
}

/** What became of a flow's attempts. */
export interface FlowRecord {
  readonly attempts: number;
  /** What was seen instead of an answer to the client's own address, for each attempt without one. */
  readonly failed: readonly string[];
}

/**
 * Passes once the target answers the flow and has seen the client's own address as its source. Throws `Nonconformance` when it does
 * not before the deadline.
 */
export async function expectFlow(ends: FlowEnds): Promise<void> {
  const { from, fromPort, target } = ends;
  const agent = await from.agent();
  await untilSeen({
    who: `the flow from ${from.name} port ${fromPort} to ${describeTarget(target)}`,
    expected: `open, answered by ${JSON.stringify(target.identity)}, which saw ${from.ip}`,
    deadlineMs: 10_000,
    byHand: byHand(agent, ends),
    look: (nonce) => attempt(agent, ends, { timeoutMs: attemptMs, nonce }),
    probe: probeOf(from, target),
    accept: (reach): reach is OpenReach => isAnswered(reach, ends),
    describe: describeFlow,
  });
}

/** A flow that goes on until `stop`. */
export class Flow {
  readonly #failed: string[] = [];
  #attempts = 0;
  #ended = false;
  #work: Promise<unknown> = Promise.resolve();

  private constructor() {}

  /** `attemptMs`: how long each attempt waits for its answer; `longestMs`: how long it may go on. */
  static async start(ends: FlowEnds, attemptMs: number, longestMs = usualMs): Promise<Flow> {
    const flow = new Flow();
    const agent = await ends.from.agent();
    const what = `the flow to ${describeTarget(ends.target)} to be stopped`;
    flow.#work = until({ what, deadlineMs: longestMs, everyMs }, async () => {
      const reach = await attempt(agent, ends, { timeoutMs: attemptMs });
      flow.#attempts++;
      if (!isAnswered(reach, ends)) flow.#failed.push(describeFlow(reach));
      return flow.#ended;
    });
    flow.#work.catch(() => {});
    return flow;
  }

  /** Resolves when the last attempt has ended, so that its port is free. */
  async stop(): Promise<FlowRecord> {
    this.#ended = true;
    await this.#work;
    return { attempts: this.#attempts, failed: this.#failed };
  }
}

function attempt(
  agent: ProbeAgent,
  { target: { address, port }, fromPort }: FlowEnds,
  how: { timeoutMs: number; nonce?: string },
): Promise<Reach> {
  return agent.connect({ protocol: "udp", address, port, fromPort, ...how });
}

/** One datagram from the flow's own port; the server answers with its identity and with whom it saw. */
function byHand({ host, netns }: ProbeAgent, { from, fromPort, target }: FlowEnds): ByHand {
  const family = familyOf(target.address) === 6 ? "AF_INET6" : "AF_INET";
  const open = `import socket as s; u = s.socket(s.${family}, s.SOCK_DGRAM); u.settimeout(0.3)`;
  const ask = `u.bind(("", ${fromPort})); u.connect(("${target.address}", ${target.port})); u.send(b"hello\\n")`;
  return {
    host,
    argv: [
      ...(netns ? ["nsenter", `--net=${netns}`] : []),
      ...["python3", "-c", `${open}; ${ask}; print(u.recv(999).decode())`],
    ],
    shows: ({ stdout }) => {
      const [identity, saw = ""] = stdout.split("\n");
      return (target.identity !== undefined && identity !== target.identity) || !saw.includes(`"${from.ip}"`);
    },
    // The port is one process's at a time.
    apart: true,
  };
}

function isAnswered(reach: Reach, { from, target }: FlowEnds): reach is OpenReach {
  return isOpen(reach, target) && reach.seenFrom?.address === from.ip;
}

function describeFlow(reach: Reach): string {
  const source = reach.state === "open" ? `, which saw ${reach.seenFrom?.address ?? "nobody"}` : "";
  return `${describeReach(reach)}${source}`;
}
