import type { EndTold } from "#harness/host/agent/held.ts";

/** A time from and up to which lines were sent, in milliseconds since the epoch on the clock of this process. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** What one end of a held connection sent, and what of it arrived at the other end. */
export interface Stream {
  /** When each line was sent, by its number; milliseconds since the epoch on the clock of this process, as all times here. */
  readonly sent: readonly number[];
  /** When it arrived, by its number; `undefined` for one that did not. */
  readonly arrived: readonly (number | undefined)[];
}

/** What the ends of a connection told, with both on the clock of this process. */
export function streamOf(
  sender: Pick<EndTold, "sent">,
  receiver: Pick<EndTold, "arrived">,
  onOurClock: { readonly sender: (at: number) => number; readonly receiver: (at: number) => number },
): Stream {
  const arrived: (number | undefined)[] = sender.sent.map(() => undefined);
  for (const [number, at] of receiver.arrived) arrived[number] ??= onOurClock.receiver(at);
  return { sent: sender.sent.map(onOurClock.sender), arrived };
}

/** Of the lines that were sent in a period: how many, and how many of them arrived. */
export function countIn({ sent, arrived }: Stream, { from, to }: Period): { sent: number; arrived: number } {
  const own = [...sent.entries()].filter(([, at]) => at >= from && at < to);
  return {
    sent: own.length,
    arrived: own.filter(([number]) => arrived[number] !== undefined).length,
  };
}

/** The longest time that a stream stood still, in milliseconds, and when that began. */
export interface Gap {
  readonly ms: number;
  readonly from: number;
}

/**
 * The longest that a line sent in the period had to wait until it, or one that was sent after it, arrived. So a datagram that is lost counts until
 * the next one that is not, and a byte of TCP until it is there at last. What was still waited for when it was looked at, at `lookedAt`,
 * counts until then. `undefined` where nothing was sent.
 */
export function longestGap(
  { sent, arrived }: Stream,
  { from, to }: Period,
  lookedAt: number,
): Gap | undefined {
  let next = lookedAt;
  let longest: Gap | undefined;
  for (let number = sent.length - 1; number >= 0; number--) {
    next = Math.min(next, arrived[number] ?? next);
    const at = sent[number]!;
    if (at < from || at >= to) continue;
    const ms = Math.max(0, next - at);
    if (longest === undefined || ms >= longest.ms) longest = { ms, from: at };
  }
  return longest;
}

/** When the last line that arrived was sent; `undefined` where none arrived. */
export function lastThrough({ sent, arrived }: Stream): number | undefined {
  return sent[arrived.findLastIndex((at) => at !== undefined)];
}

/**
 * From when on nothing of what was sent in the period arrived: the time of the line after the last one that did; the beginning of the period where
 * none did, its end where the last one did.
 */
export function silentFrom({ sent, arrived }: Stream, { from, to }: Period): number {
  const own = [...sent.entries()].filter(([, at]) => at >= from && at < to);
  const last = own.findLastIndex(([number]) => arrived[number] !== undefined);
  return last < 0 ? from : (own[last + 1]?.[1] ?? to);
}
