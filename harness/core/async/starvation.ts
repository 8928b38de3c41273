import { setTimeout as delay } from "node:timers/promises";
import { HarnessError } from "#harness/core/errors.ts";

/**
 * The machine gave this process so little of its time that a deadline says nothing about anybody else: the outcome is `error`. It
 * is no `DeadlineExceeded`, which who waits may take for an answer.
 */
export class MachineStarved extends HarnessError {
  override name = "MachineStarved";
}

/** Part of a deadline that may pass while this process sleeps longer than it asked for. */
export const starvedShare = 0.75;
/** Less than that says nothing: every busy machine makes a process wait for some time. */
export const starvedMs = 3_000;

/** Beside a deadline: how much longer than they were asked for the pauses of this process took. */
export class LoadProbe {
  #asked = 0;
  #slept = 0;

  /** Pauses, and measures what it really took. */
  async pause(milliseconds: number, options: { signal?: AbortSignal; ref?: boolean } = {}): Promise<void> {
    const begin = performance.now();
    await delay(milliseconds, undefined, options);
    this.took(milliseconds, performance.now() - begin);
  }

  /** A pause of `asked` milliseconds that took `slept`. */
  took(asked: number, slept: number): void {
    this.#asked += asked;
    this.#slept += slept;
  }

  /** Milliseconds by which all pauses were too long. */
  get lateMs(): number {
    return Math.max(0, this.#slept - this.#asked);
  }

  /** The error of a deadline that passed, where the machine is to blame; `undefined` where it is not. */
  blame(what: string, waitedMs: number): MachineStarved | undefined {
    if (this.lateMs < Math.max(starvedMs, starvedShare * waitedMs)) return undefined;
    return new MachineStarved(
      `waited ${Math.round(waitedMs)} ms for ${what}, of which this process got no processor for ${Math.round(this.lateMs)} ms`,
      { hint: "run less beside it, or give it more time with PATIENCE" },
    );
  }
}
