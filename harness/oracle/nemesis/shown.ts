import type { Disturbing, Wire } from "./schedule.ts";

/** Disturbances of a wire. */
export type OfWires = Extract<Disturbing, { wire: Wire }>;

/** Echo requests that were sent by a wire, and what a disturbance of it says of itself. */
export interface WireSeen {
  readonly sent: number;
  readonly received: number;
  /** Of the slowest one; 0 where none came back. */
  readonly slowestMs: number;
  /** Packets that the disturbance itself has dropped; of a delay none. */
  readonly dropped: number;
}

/** Milliseconds that the slowest of many packets takes at least where they are held back. */
const lateMs = 100;

/**
 * Whether this disturbance is seen, and not another one beside it. `silent`: another one lets nothing come by at all, so that
 * there is nothing that this one could lose or hold back.
 */
export function isShown(
  kind: OfWires["kind"],
  { sent, received, slowestMs, dropped }: WireSeen,
  silent: boolean,
): boolean {
  switch (kind) {
    case "cut":
    case "one way":
      return received === 0 && (dropped > 0 || silent);
    case "loss":
      // What a switch in userspace has read is dropped, and gets by all the same.
      return (dropped > 0 && received < sent) || (received === 0 && silent);
    case "delay":
      return received > 0 ? slowestMs >= lateMs : silent;
  }
}

/** Whether nothing passes between the two nodes while this lasts. */
export function silences({ kind }: Disturbing): boolean {
  return kind === "cut" || kind === "one way" || kind === "node gone";
}

/** `2 of 3 echo requests answered, the slowest after 12 ms, 1 packet dropped`. */
export function describeWire({ sent, received, slowestMs, dropped }: WireSeen): string {
  const lost = dropped > 0 ? `, ${dropped} packets dropped` : "";
  return `${received} of ${sent} echo requests answered, the slowest after ${slowestMs} ms${lost}`;
}
