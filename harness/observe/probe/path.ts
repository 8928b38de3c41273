import { NoRoute, type ProbeAgent, uniqueMarker } from "#harness/host/agent/agent.ts";
import {
  type DatagramResult,
  isUnsent,
  type PathError,
  type PingResult,
  refusesToSend,
} from "#harness/host/agent/reach.ts";
import type { Probe } from "#harness/observe/hop/hop.ts";
import type { ByHand } from "#harness/observe/second-look/by-hand.ts";
import { failureOf } from "#harness/observe/second-look/failure.ts";
import { besideControl, deadlineOf, type ObservationWindow, observe } from "./control.ts";
import { tellUnsent, untilSeen } from "./expectation.ts";
import { describeTarget, type Peer, type ProbeTarget, probeOf } from "./service.ts";

/** Where a ping goes: a peer, or any address with a name for messages. */
export type PingTarget = Pick<Peer, "name" | "ip"> & Partial<Pick<Peer, "agent">>;

export interface PathOptions {
  /** Bytes of the whole IP packet. */
  packetBytes?: number;
  /** Sets DF (IPv4) or forbids fragmentation at the source (IPv6); default false. */
  dontFragment?: boolean;
  /** ASCII text that fills the payload, to find the packets in a capture. */
  marker?: string;
  /** Milliseconds until it must be so; default 10 000. */
  deadlineMs?: number;
  /** Milliseconds for one attempt; default 1000. */
  timeoutMs?: number;
}

/** Passes once an echo request is answered. Throws `Nonconformance` with the last errors seen when none is before the deadline. */
export async function expectPing(from: Peer, to: PingTarget, options: PathOptions = {}): Promise<PingResult> {
  const { deadlineMs = 10_000, timeoutMs = 1_000, ...shape } = options;
  const agent = await from.agent();
  const expected = `an answer to ping${options.packetBytes ? ` with a packet of ${options.packetBytes} bytes` : ""}`;
  return untilSeen({
    who: `${from.name} to ${to.name} (${to.ip})`,
    expected,
    deadlineMs,
    byHand: { ...pingByHand(agent, to.ip, options), shows: ({ code }) => code !== 0 },
    look: (marker) => agent.ping({ address: to.ip, timeoutMs, marker, ...shape }),
    probe: { from, to: endOf(to), protocol: "icmp", address: to.ip, ports: [] },
    accept: (result): result is PingResult => result.received > 0,
    describe: describePing,
  });
}

/**
 * Passes when no echo request is answered during the window, while the control (another client, another address, or both) is
 * answered before and after. Throws `ProbeFailed` when the control fails, and `NoRoute` when `from` has no route and must have one.
 */
export async function expectNoPing(
  from: Peer,
  to: PingTarget,
  options: ObservationWindow & {
    control: { from: Peer; to?: PingTarget } | { from?: Peer; to: PingTarget };
    timeoutMs?: number;
    /** A client without a route to the target is one more that does not reach it. */
    mayLackRoute?: boolean;
  },
): Promise<void> {
  const { control, timeoutMs = 500, mayLackRoute = false } = options;
  const agent = await from.agent();
  await besideControl(
    () => expectPing(control.from ?? from, control.to ?? to, deadlineOf(options)),
    async () => {
      const observed = await observe(
        `${from.name} to get no answer from ${to.name}`,
        options,
        () =>
          agent.ping({ address: to.ip, timeoutMs }).catch((error: unknown) => {
            if (mayLackRoute && error instanceof NoRoute) return unsent;
            throw error;
          }),
        (result) => result.received === 0,
      );
      if (observed.held) {
        if (observed.last.errors.some(isUnsent)) tellUnsent(from, to.name);
        return;
      }
      const marker = uniqueMarker();
      throw await failureOf({
        who: `${from.name} to ${to.name} (${to.ip})`,
        expected: "no answer to ping",
        got: `${describePing(observed.seen)} after ${observed.afterMs} ms`,
        byHand: { ...pingByHand(agent, to.ip, {}), shows: ({ code }) => code === 0 },
        probe: {
          ...{ from, to: endOf(to), protocol: "icmp", address: to.ip, ports: [], marker, unwanted: true },
          again: () => agent.ping({ address: to.ip, timeoutMs, marker }),
        },
      });
    },
  );
}

/** What comes of an echo request for which there is no route. */
const unsent: PingResult = { sent: 0, received: 0, replies: [], errors: [] };

/**
 * Passes once one UDP datagram in an IP packet of exactly `packetBytes` has one of the `allowed` results (default: delivered).
 * The target must be a UDP server of the harness. Throws `Nonconformance` otherwise.
 */
export async function expectDatagram(
  from: Peer,
  target: ProbeTarget,
  options: Omit<PathOptions, "packetBytes"> & {
    packetBytes: number;
    allowed?: readonly DatagramResult["state"][];
  },
): Promise<DatagramResult> {
  const { deadlineMs = 10_000, timeoutMs = 1_000, allowed = ["delivered"], ...shape } = options;
  const agent = await from.agent();
  return untilSeen({
    who: `${from.name} to ${describeTarget(target)}`,
    expected: `a packet of ${options.packetBytes} bytes${options.dontFragment === false ? "" : " with DF"} to be ${allowed.join(" or ")}`,
    deadlineMs,
    byHand: {
      ...pingByHand(agent, target.address, { dontFragment: true, ...options }),
      shows: ({ code, stdout, stderr }) =>
        allowed.includes("too big")
          ? code === 0 || !/too long|frag needed/i.test(stdout + stderr)
          : code !== 0,
    },
    look: (marker) =>
      agent.sendDatagram({ address: target.address, port: target.port, timeoutMs, marker, ...shape }),
    probe: probeOf(from, target),
    accept: (result): result is DatagramResult => allowed.includes(result.state),
    describe: describeDatagram,
  });
}

/** `3 of 3 answered in 0.4 ms (ttl 63)`, `0 of 1 answered; fragmentation needed, mtu 1450, from 10.0.0.1`. */
function describePing(result: PingResult): string {
  const [first] = result.replies;
  const times = first ? ` in ${first.ms} ms (ttl ${first.ttl})` : "";
  const errors = result.errors.map((error) => `; ${describePathError(error)}`).join("");
  return `${result.received} of ${result.sent} answered${times}${errors}`;
}

/** Where a ping ends, as far as it is known. */
function endOf(to: PingTarget): Probe["to"] {
  const { name, ip } = to;
  const agent = to.agent?.bind(to);
  return { name, ...(agent ? { peer: { name, ip, agent } } : {}) };
}

function describeDatagram(result: DatagramResult): string {
  return "error" in result ? `${result.state}: ${describePathError(result.error)}` : result.state;
}

function describePathError(error: PathError): string {
  const by = error.local ? ", from the own kernel" : error.by ? `, from ${error.by}` : "";
  if (isUnsent(error)) return `${refusesToSend} (${error.errno})`;
  return `${error.kind}${error.mtu === undefined ? "" : `, mtu ${error.mtu}`}${by}`;
}

function pingByHand(agent: ProbeAgent, address: string, shape: PathOptions): Pick<ByHand, "host" | "argv"> {
  const overhead = address.includes(":") ? 48 : 28;
  const argv = [
    ...(agent.netns ? ["nsenter", `--net=${agent.netns}`] : []),
    ...["ping", "-c1", "-W1"],
    ...(shape.packetBytes ? [`-s${shape.packetBytes - overhead}`] : []),
    ...(shape.dontFragment ? ["-Mdo"] : []),
    address,
  ];
  return { host: agent.host, argv };
}
