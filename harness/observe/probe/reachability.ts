import { ProbeFailed } from "#harness/core/errors.ts";
import { NoRoute, type ProbeAgent, uniqueMarker } from "#harness/host/agent/agent.ts";
import {
  type Arrival,
  connectByHand,
  describeReach,
  isUnsent,
  type Reach,
} from "#harness/host/agent/reach.ts";
import type { ExecResult } from "#harness/host/host.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import { type FailedCheck, failureOf } from "#harness/observe/second-look/failure.ts";
import { besideControl, deadlineOf, type ObservationWindow, observe } from "./control.ts";
import { tellUnsent, untilSeen } from "./expectation.ts";
import { describeTarget, type Peer, type ProbeTarget, probeOf } from "./service.ts";

export interface ReachOptions {
  /** Milliseconds until it must be so; default 10 000. New endpoints may take a moment to converge. */
  deadlineMs?: number;
  /** Milliseconds for one attempt; default 1500, so that one lost SYN is sent again. */
  timeoutMs?: number;
}

/** The probe that must be seen open before and after a negative one: another client, another target, or both. */
export type Control = { from: Peer; target?: ProbeTarget } | { from?: Peer; target: ProbeTarget };

export interface BlockedOptions extends ObservationWindow {
  control: Control;
  /** Milliseconds for one attempt; default 500. */
  timeoutMs?: number;
  /** A client without a route to the target is one more that does not reach it. */
  mayLackRoute?: boolean;
}

type OpenReach = Extract<Reach, { state: "open" }>;

/** Passes once `from` gets the target's identity. Throws `Nonconformance` when it does not before the deadline. */
export async function expectOpen(
  from: Peer,
  target: ProbeTarget,
  options: ReachOptions = {},
): Promise<OpenReach> {
  const expected =
    target.identity === undefined ? "open" : `open, answered by ${JSON.stringify(target.identity)}`;
  return expectReach(from, target, expected, {
    ...options,
    accept: (reach): reach is OpenReach => isOpen(reach, target),
    shows: ({ stdout }) =>
      target.identity === undefined ? stdout === "" : stdout.trim() !== target.identity,
  });
}

/** Passes once the port is refused, as a port without a server is. Throws `Nonconformance` otherwise. */
export async function expectRefused(
  from: Peer,
  target: ProbeTarget,
  options: ReachOptions = {},
): Promise<Reach> {
  return expectReach(from, target, "refused", {
    ...options,
    accept: (reach): reach is Reach => reach.state === "refused",
    shows: ({ stderr }) => !/refused/i.test(stderr),
  });
}

/**
 * Passes once the target's server answers and has seen `source` as the address of its client. Throws `Nonconformance` otherwise: where it saw
 * another one, with the way on which that came about.
 */
export async function expectOpenAs(
  from: Peer,
  target: ProbeTarget,
  source: string,
  options: ReachOptions = {},
): Promise<void> {
  const { seenFrom } = await expectOpen(from, target, options);
  if (seenFrom?.address === source) return;
  const { probe } = await showReached(from, target);
  throw await failureOf({
    who: `the server of ${target.name}, asked by ${from.name}`,
    expected: `${source} as its client`,
    got: seenFrom?.address ?? "nobody",
    probe,
  });
}

async function expectReach<R extends Reach>(
  from: Peer,
  target: ProbeTarget,
  expected: string,
  options: ReachOptions & Pick<ByHand, "shows"> & { accept: (reach: Reach) => reach is R },
): Promise<R> {
  const { deadlineMs = 10_000, timeoutMs = 1_500, accept, shows } = options;
  const agent = await from.agent();
  return untilSeen({
    who: `${from.name} to ${describeTarget(target)}`,
    expected,
    deadlineMs,
    byHand: byHand(agent, target, shows),
    look: (nonce) => agent.connect({ ...where(target), nonce, timeoutMs }),
    probe: probeOf(from, target),
    accept,
    describe: describeReach,
  });
}

/**
 * Passes when `from` cannot reach the target although the target's server listens: every attempt in the window is dropped,
 * refused or unreachable, the control is open before and after, and the server's log has nothing of these attempts.
 * `silent` is a failure: the handshake got through. Where the client's own namespace refuses to send, a note says so. Throws `ProbeFailed` when the control fails, and `NoRoute` when `from` has no
 * route at all and must have one.
 */
export async function expectBlocked(from: Peer, target: ProbeTarget, options: BlockedOptions): Promise<void> {
  const control = { from: options.control.from ?? from, target: options.control.target ?? target };
  if (control.target !== target && !target.server) {
    throw new ProbeFailed(
      `${describeTarget(target)} is not a server of the harness: a control on another target cannot tell blocked from not listening`,
      { hint: "give a control with another client on the same target" },
    );
  }
  const agent = await from.agent();
  await besideControl(
    () => expectOpen(control.from, control.target, deadlineOf(options)),
    async () => {
      const shown = await showReached(from, target);
      const failure = (got: string) =>
        failureOf({
          who: `${from.name} to ${describeTarget(target)}`,
          expected: "blocked",
          got,
          details: `  control, open at the same time: ${control.from.name} to ${describeTarget(control.target)}`,
          ...shown,
        });
      const log = await ArrivalLog.open(from, target);
      const observed = await observe(
        `${from.name} to be blocked from ${describeTarget(target)}`,
        options,
        async () => {
          const nonce = log.nextNonce();
          const attempt = agent.connect({ ...where(target), nonce, timeoutMs: options.timeoutMs ?? 500 });
          const reach = await (options.mayLackRoute ? attempt.catch(unrouted) : attempt);
          if (!isBlocked(reach)) await log.restart();
          return reach;
        },
        isBlocked,
      );
      if (!observed.held) throw await failure(`${describeReach(observed.seen)} after ${observed.afterMs} ms`);
      if (isUnsent(observed.last)) tellUnsent(from, describeTarget(target));
      const arrivals = await log.arrivals();
      if (arrivals.length > 0) {
        throw await failure(
          `${observed.last.state}, but only the answer: ${arrivals.length} of the attempts arrived at the server, ` +
            `e.g. ${arrivals[0]!.halfOpen ? "a SYN" : "a packet"} from ${arrivals[0]!.from.address}`,
        );
      }
    },
  );
}

/** How one sees that a target is reached which must not be: once more under observation, and by hand. */
export async function showReached(
  from: Peer,
  target: ProbeTarget,
): Promise<Required<Pick<FailedCheck, "byHand" | "probe">>> {
  const agent = await from.agent();
  const marker = uniqueMarker();
  return {
    byHand: byHand(agent, target, ({ stdout }) => stdout !== ""),
    probe: {
      ...probeOf(from, target),
      ...{ marker, unwanted: true },
      again: () => agent.connect({ ...where(target), nonce: marker, timeoutMs: 1_500 }),
    },
  };
}

/** What comes of an attempt for which there is no route. */
function unrouted(error: unknown): Reach {
  if (error instanceof NoRoute) return { state: "unreachable", errno: "ENETUNREACH", ms: 0 };
  throw error;
}

/** What of the attempts since the last restart the target's server saw; always empty where the server is not ours. */
class ArrivalLog {
  readonly #from: Peer;
  readonly #server: ProbeTarget["server"];
  #nonces = new Set<string>();
  #earlierHalfOpen = new Set<number>();

  private constructor(from: Peer, target: ProbeTarget) {
    this.#from = from;
    this.#server = target.server;
  }

  static async open(from: Peer, target: ProbeTarget): Promise<ArrivalLog> {
    const log = new ArrivalLog(from, target);
    await log.restart();
    return log;
  }

  nextNonce(): string {
    const nonce = uniqueMarker();
    this.#nonces.add(nonce);
    return nonce;
  }

  /** Forgets the attempts so far: they were allowed to arrive. */
  async restart(): Promise<void> {
    this.#nonces.clear();
    this.#earlierHalfOpen = new Set((await this.#halfOpen()).map((arrival) => arrival.from.port));
  }

  async arrivals(): Promise<Arrival[]> {
    const all = (await this.#server?.listener.received()) ?? [];
    return all.filter((arrival) =>
      arrival.halfOpen
        ? this.#isHalfOpenFromUs(arrival) && !this.#earlierHalfOpen.has(arrival.from.port)
        : arrival.nonce !== undefined && this.#nonces.has(arrival.nonce),
    );
  }

  async #halfOpen(): Promise<Arrival[]> {
    const all = (await this.#server?.listener.received()) ?? [];
    return all.filter((arrival) => this.#isHalfOpenFromUs(arrival));
  }

  #isHalfOpenFromUs(arrival: Arrival): boolean {
    return arrival.halfOpen && arrival.port === this.#server?.port && arrival.from.address === this.#from.ip;
  }
}

/** Whether nothing came back that a server could have sent. */
export function isBlocked(reach: Reach): boolean {
  return reach.state === "dropped" || reach.state === "refused" || reach.state === "unreachable";
}

/** Whether the target's own server answered. */
export function isOpen(reach: Reach, target: Pick<ProbeTarget, "identity">): reach is OpenReach {
  return reach.state === "open" && (target.identity === undefined || reach.identity === target.identity);
}

function where(target: ProbeTarget) {
  return { protocol: target.protocol, address: target.address, port: target.port };
}

function byHand(agent: ProbeAgent, target: ProbeTarget, shows: (result: ExecResult) => boolean): ByHand {
  return { host: agent.host, argv: connectByHand(agent.netns, target), shows };
}
