import { constants } from "node:os";
import type { Progress } from "#harness/core/async/progress.ts";

type Removal = () => Promise<unknown>;

const removals = new Map<string, Removal>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
type Ending = (typeof signals)[number];

let ending = false;

/** Says how to remove `what` if this process is told to end; a later call replaces an earlier one for the same thing. */
export function removeWhenInterrupted(what: string, remove: Removal): void {
  removals.set(what, remove);
}

/** `what` is gone, or somebody else's: an interruption does not concern it any more. */
export function forgetWhenInterrupted(what: string): void {
  removals.delete(what);
}

/** Removes everything that was registered, the last thing first; what will not go is told and left to the next run. */
export async function removeEverything(progress: Progress): Promise<void> {
  for (const [what, remove] of [...removals].reverse()) {
    await remove().catch((error: Error) => progress.say(`${what}: ${error.message}`));
    removals.delete(what);
  }
}

/**
 * From now on Ctrl-C, SIGTERM and SIGHUP remove what is registered before the process ends, with the signal's exit code
 * (130, 143, 129). A second signal ends it at once; the next run removes what is left.
 * Handlers that end the process sooner, as vitest's do, are taken away. `stop` keeps new work from starting.
 */
export function handleInterruptions(progress: Progress, stop: () => void = () => {}): void {
  for (const signal of signals) {
    process.removeAllListeners(signal);
    process.on(signal, () => void end(signal, progress, stop));
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
  return ending;
}

async function end(signal: Ending, progress: Progress, stop: () => void): Promise<void> {
  const code = 128 + constants.signals[signal];
  if (ending) process.exit(code);
  ending = true;
  progress.say(
    `${signal}: removing what this run has brought up; once more ends at once and leaves it to the next run`,
  );
  stop();
  await removeEverything(progress);
  process.exit(code);
}
