import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers/promises";
import { scaled } from "#harness/core/settings/patience.ts";
import type { Host } from "#harness/host/host.ts";
import type { HopObservation } from "#harness/observe/hop/hop.ts";

/** Longest that the failures of one test are looked into before they are told, all together, in milliseconds. */
export const lookMs = 3_000;

/** What came of looking into the failure of a check. */
export interface Look {
  /** When the check had failed and the look began, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** On which hop it was lost. */
  readonly hop?: HopObservation;
  /** The line that shows it by hand, and what came of its runs. */
  readonly byHand?: { readonly line: string; readonly confirmed: string };
}

/** What the checks of one test may look at once more when they fail. */
export class View {
  /** Hosts that a packet may cross. */
  readonly hosts: readonly Host[];
  /** What was seen of the checks that failed. */
  readonly looks: Look[] = [];
  readonly #told = new Set<string>();
  #first: Promise<unknown> | undefined;
  #looks = 0;
  #busySince = 0;
  #tookMs = 0;

  constructor(hosts: readonly Host[]) {
    this.hosts = hosts;
  }

  /** What checks have to say although they hold, each once. */
  get told(): readonly string[] {
    return [...this.#told];
  }

  tell(text: string): void {
    this.#told.add(text);
  }

  /** Whether a failure is being looked into, so that it is about to be told. */
  get isBusy(): boolean {
    return this.#looks > 0;
  }

  /** Whether the one that is looked into alone has begun, so that no other will be. */
  get hasFirst(): boolean {
    return this.#first !== undefined;
  }

  /** How long failures were looked into so far, in milliseconds; those at the same time count once. */
  get tookMs(): number {
    return this.#tookMs + (this.isBusy ? performance.now() - this.#busySince : 0);
  }

  /** Runs the body of a test: what fails in it is looked into before it is told. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return current.run(this, work);
  }

  /**
   * Looks into the failure of a check, with `once` only into the first one: another that fails meanwhile waits for it, and resolves to
   * `undefined`, so that it is not told first. `look` is given the milliseconds that are left of `lookMs`; where none are, it is not called,
   * and the result is `undefined`.
   */
  async look<T>(look: (deadlineMs: number) => Promise<T>, { once = false } = {}): Promise<T | undefined> {
    const leftMs = lookMs - this.tookMs / scaled(1);
    if (leftMs <= 0) return undefined;
    if (this.#looks++ === 0) this.#busySince = performance.now();
    try {
      if (!once) return await look(leftMs);
      if (this.#first) {
        await this.#first.catch(() => {});
        // What waits for the same is told in the order in which it began.
        await setImmediate();
        return undefined;
      }
      const first = look(leftMs);
      this.#first = first;
      return await first;
    } finally {
      if (--this.#looks === 0) this.#tookMs += performance.now() - this.#busySince;
    }
  }
}

const current = new AsyncLocalStorage<View | undefined>();

/** Through which a failure here is to be looked into; `undefined` where nobody is to. */
export function viewHere(): View | undefined {
  return current.getStore();
}

/** Runs what may fail without anybody asking why. */
export function outOfView<T>(work: () => Promise<T>): Promise<T> {
  return current.run(undefined, work);
}
