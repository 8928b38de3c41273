import type { Leak, Start } from "./starts.ts";

/** Of IP packets, in bytes; as many as an echo request through any tunnel may have, and no more than are under way at a time. */
const lengths = { from: 100, different: 900 } as const;

/** The start by which a length was used last, and when it was ordered. */
export interface LastSender {
  readonly number: number;
  readonly ordered: number;
}

/** By which length of its packets each start is known, and what came of it when it had been counted. */
export class Senders {
  readonly #last = new Map<number, LastSender>();
  readonly #late = new Map<number, Leak[]>();

  /** The length of all packets of a start; every 900th has the same. */
  bytesOf(number: number): number {
    return lengths.from + (number % lengths.different);
  }

  /** From now on, `ordered`, packets of its length are of that start. */
  begin(number: number, ordered: number): void {
    this.#last.set(this.bytesOf(number), { number, ordered });
  }

  /** Whose packets of that length are; `undefined` where none has sent any. */
  last(bytes: number): LastSender | undefined {
    return this.#last.get(bytes);
  }

  /** Packets of a start that came when everything else of it had been counted. */
  addLate(number: number, leaks: readonly Leak[]): void {
    const late = leaks.map((leak) => ({ ...leak, late: true }) as const);
    this.#late.set(number, [...(this.#late.get(number) ?? []), ...late]);
  }

  /** The starts in their order, each with what came late of it. */
  withLate(starts: readonly Start[]): Start[] {
    return starts
      .map((start) => ({ ...start, leaks: [...start.leaks, ...(this.#late.get(start.number) ?? [])] }))
      .sort((a, b) => a.number - b.number);
  }
}
