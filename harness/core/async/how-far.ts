import { AsyncLocalStorage } from "node:async_hooks";

/** Is told how far something slow has come, e.g. `312 of 1000 starts`. */
type Tell = (howFar: string) => void;

/** Who reads it reads a line in several seconds. */
const apartMs = 2_000;

const listener = new AsyncLocalStorage<{ readonly tell: Tell; toldAt: number }>();

/** Runs `work`. What is said by `sayHowFar` meanwhile goes to `tell`, at most once in two seconds. */
export function tellingHowFar<T>(tell: Tell, work: () => T): T {
  return listener.run({ tell, toldAt: Number.NEGATIVE_INFINITY }, work);
}

/** Says of something that takes minutes how many are done of how many: `what` is their name, in the plural. Where nobody listens it says nothing. */
export function sayHowFar(done: number, all: number, what: string): void {
  const heard = listener.getStore();
  if (!heard || performance.now() - heard.toldAt < apartMs) return;
  heard.toldAt = performance.now();
  try {
    heard.tell(`${done} of ${all} ${what}`);
  } catch {
    // Who listened has ended, e.g. a test at its deadline; another one may wait for the same work.
  }
}
