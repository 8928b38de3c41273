import { createHash, randomBytes } from "node:crypto";

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The items in an order that is the same for the same seed and name, and another for another (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], seed: number, name: string): T[] {
  const random = seededRandom(createHash("sha256").update(`${seed} ${name}`).digest().readUInt32LE());
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as T, order[last] as T];
  }
  return order;
}

/** A MAC that no maker gave out, "locally administered" (IEEE 802, section 8.4), of one interface. */
export function freshMac(): string {
  return ["02", ...Array.from(randomBytes(5), (byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
