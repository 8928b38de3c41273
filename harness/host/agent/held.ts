import type { Transport } from "./reach.ts";

/** One end of a connection that is held: it sends numbered lines at a steady pace, and logs those that arrive. */
export interface HoldOptions {
  protocol: Transport;
  /** Where it listens: it holds the first connection that comes, or the peer of the first datagram. Else, whom it connects to. */
  listens: boolean;
  /** IPv4 or IPv6 address: the own one that listens, or the other end's. */
  address: string;
  /** Port 0 takes any free port to listen at. */
  port: number;
  /** Milliseconds between two lines. */
  everyMs: number;
  /** Over UDP: each line comes from a port of its own, and the end that listens hears everybody and says nothing; default false. */
  fresh?: boolean;
  /** Own port of what connects; default: any free one. */
  fromPort?: number;
  /** Milliseconds until a TCP connection must be there; default 2000. */
  timeoutMs?: number;
}

/** What one end sent and saw; times are milliseconds since the epoch, on its host. */
export interface EndTold {
  /** When each line was sent, by its number. */
  sent: number[];
  /** Number and time of each line of the other end that arrived. */
  arrived: [number, number][];
  /** What ended the connection; null while it is up. Nothing ends datagrams. */
  ended: string | null;
}

/** An end, kept by the agent until it is released. */
export interface HeldEnd extends AsyncDisposable {
  /** The own port. */
  readonly port: number;
  told(): Promise<EndTold>;
  /** How many lines it sent, and how many arrived at it: cheaper than all of them. */
  counts(): Promise<LineCounts>;
}

export interface LineCounts {
  sent: number;
  arrived: number;
}

/** What the agent can be asked of held connections. */
export interface HeldMethods {
  hold(given: HoldOptions & { timeoutMs: number; fresh: boolean }): { handle: number; port: number };
  heldCounts(given: { handle: number }): LineCounts;
  heldTold(given: { handle: number }): EndTold;
  release(given: { handle: number }): null;
}
