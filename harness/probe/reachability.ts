import { DeadlineExceeded, Nonconformance, ProbeFailed } from "#harness/errors.ts";
import { until } from "#harness/poll.ts";
import { NoRoute, type ProbeAgent, uniqueMarker } from "#harness/probe/agent.ts";
import { besideControl, type ObservationWindow, observe } from "#harness/probe/control.ts";
import { type Arrival, describeReach, type Reach, reproduceConnect } from "#harness/probe/reach.ts";
import { describeTarget, type Peer, type Target } from "#harness/probe/service.ts";

export interface ReachOptions {
  /** Milliseconds until it must be so; default 10 000. New endpoints may take a moment to converge. */
  deadlineMs?: number;
  /** Milliseconds for one attempt; default 1500, so that one lost SYN is sent again. */
  timeoutMs?: number;
}

/** The probe that must be seen open before and after a negative one: another client, another target, or both. */
export type Control = { from: Peer; target?: Target } | { from?: Peer; target: Target };

export interface BlockedOptions extends ObservationWindow {
  control: Control;
  /** Milliseconds for one attempt; default 500. */
  timeoutMs?: number;
}

type OpenReach = Extract<Reach, { state: "open" }>;

/** Passes once `from` gets the target's identity. Throws `Nonconformance` when it does not before the deadline. */
export async function expectOpen(from: Peer, target: Target, options: ReachOptions = {}): Promise<OpenReach> {
  const expected = target.identity === undefined ? "open" : `open, answered by ${JSON.stringify(target.identity)}`;
  return expectReach(from, target, expected, options, (reach): reach is OpenReach => isOpen(reach, target));
}

/** Passes once the port is refused, as a port without a server is. Throws `Nonconformance` otherwise. */
export async function expectRefused(from: Peer, target: Target, options: ReachOptions = {}): Promise<Reach> {
  return expectReach(from, target, "refused", options, (reach): reach is Reach => reach.state === "refused");
}

async function expectReach<R extends Reach>(
  from: Peer,
  target: Target,
  expected: string,
  options: ReachOptions,
  accept: (reach: Reach) => reach is R,
): Promise<R> {
  const { deadlineMs = 10_000, timeoutMs = 1_500 } = options;
  const agent = await from.agent();
  let last = "nothing";
  try {
    return await until({ what: `${describeTarget(target)} to be ${expected}`, deadlineMs }, async () => {
      try {
        const reach = await agent.connect({ ...where(target), timeoutMs });
        last = describeReach(reach);
        return accept(reach) && reach;
      } catch (error) {
        if (!(error instanceof NoRoute)) throw error;
        last = "no route to it in the client's namespace";
        return false;
      }
    });
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    if (error.cause instanceof ProbeFailed) throw error.cause;
    throw new Nonconformance({
      who: `${from.name} to ${describeTarget(target)}`,
      expected,
      got: `${last} after ${deadlineMs} ms`,
      evidence: reproduce(agent, target),
    });
  }
}

/**
 * Passes when `from` cannot reach the target although the target's server listens: every attempt in the window is dropped,
 * refused or unreachable, the control is open before and after, and the server's log has nothing of these attempts.
 * `silent` is a failure: the handshake got through. Throws `ProbeFailed` when the control fails or `from` has no route at all.
 */
export async function expectBlocked(from: Peer, target: Target, options: BlockedOptions): Promise<void> {
  const control = { from: options.control.from ?? from, target: options.control.target ?? target };
  if (control.target !== target && !target.server) {
    throw new ProbeFailed(
      `${describeTarget(target)} is not a server of the harness: a control on another target cannot tell blocked from not listening`,
      { hint: "give a control with another client on the same target" },
    );
  }
  const agent = await from.agent();
  await besideControl(
    () => expectOpen(control.from, control.target),
    async () => {
      const nonces = new Set<string>();
      const failure = (got: string) =>
        new Nonconformance({
          who: `${from.name} to ${describeTarget(target)}`,
          expected: "blocked",
          got,
          evidence: `${reproduce(agent, target)}\n  control, open at the same time: ${control.from.name} to ${describeTarget(control.target)}`,
        });
      const attempt = () => {
        const nonce = uniqueMarker();
        nonces.add(nonce);
        return agent.connect({ ...where(target), nonce, timeoutMs: options.timeoutMs ?? 500 });
      };
      const before = performance.timeOrigin + performance.now();
      const observed = await observe(`${from.name} to stay blocked`, options, attempt, isBlocked);
      if (!observed.held) throw failure(`${describeReach(observed.seen)} after ${observed.afterMs} ms`);
      if (!options.settleMs) {
        const arrivals = await arrivalsOf(target, from, nonces);
        if (arrivals.length > 0) throw failure(describeArrivals(arrivals, before));
      }
    },
  );
}

/** Whether nothing came back that a server could have sent. */
export function isBlocked(reach: Reach): boolean {
  return reach.state === "dropped" || reach.state === "refused" || reach.state === "unreachable";
}

/** Whether the target's own server answered. */
export function isOpen(reach: Reach, target: Pick<Target, "identity">): reach is OpenReach {
  return reach.state === "open" && (target.identity === undefined || reach.identity === target.identity);
}
