import { constants } from "node:os";
import type { Progress } from "#harness/core/async/progress.ts";

type Removal = () => Promise<unknown>;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Ending = (typeof signals)[number];

/** What ends with this process. */
interface Obligations {
  readonly removals: Map<string, Removal>;
  /** What keeps new work from starting. */
  readonly stops: Set<() => void>;
  ending: boolean;
}

const obligations = obligationsOfProcess();

/** Of the process, not of this module: vitest gives every target of a run modules of its own. */
function obligationsOfProcess(): Obligations {
  const holder = globalThis as { [key: symbol]: Obligations | undefined };
  const key = Symbol.for("netconform.obligations");
  holder[key] ??= { removals: new Map(), stops: new Set(), ending: false };
  return holder[key];
}

/** Says how to remove `what` if this process is told to end; a later call replaces an earlier one for the same thing. */
export function removeWhenInterrupted(what: string, remove: Removal): void {
  obligations.removals.set(what, remove);
}

/** `what` is gone, or somebody else's: an interruption does not concern it any more. */
export function forgetWhenInterrupted(what: string): void {
  obligations.removals.delete(what);
}

/**
 * Removes everything that was registered, the last thing first, also what is registered meanwhile; what will not go is told and left to
 * the next run.
 */
export async function removeEverything(progress: Progress): Promise<void> {
  const { removals } = obligations;
  for (let last = [...removals].at(-1); last; last = [...removals].at(-1)) {
    const [what, remove] = last;
    await remove().catch((error: Error) => progress.say(`${what}: ${error.message}`));
    removals.delete(what);
  }
}

/**
 * From now on Ctrl-C, SIGTERM and SIGHUP remove what is registered before the process ends, with the signal's exit code
 * (130, 143, 129). A second signal ends it at once; the next run removes what is left.
 * Handlers that end the process sooner, as vitest's do, are taken away. `stop` keeps new work from starting; with several calls each
 * of them does.
 */
export function handleInterruptions(progress: Progress, stop: () => void = () => {}): void {
  obligations.stops.add(stop);
  for (const signal of signals) {
    process.removeAllListeners(signal);
    process.on(signal, () => void end(signal, progress));
  }
}

/**
 * Resolves to what `work` does, and takes away the handlers of signals that it has added for itself, as starting vitest
 * does: those of before stay in charge.
 */
export async function keepingSignals<T>(work: () => Promise<T>): Promise<T> {
  const before = new Set<unknown>(signals.flatMap((signal) => process.listeners(signal)));
  try {
    return await work();
  } finally {
    for (const signal of signals) {
      for (const listener of process.listeners(signal)) {
        if (!before.has(listener)) process.off(signal, listener);
      }
    }
  }
}

/** Whether this process has been told to end, and is cleaning up. */
export function isInterrupted(): boolean {
  return obligations.ending;
}

async function end(signal: Ending, progress: Progress): Promise<void> {
  const code = 128 + constants.signals[signal];
  if (obligations.ending) process.exit(code);
  obligations.ending = true;
  progress.say(
    `${signal}: removing what this run has brought up; once more ends at once and leaves it to the next run`,
  );
  for (const stop of obligations.stops) stop();
  await removeEverything(progress);
  process.exit(code);
}
