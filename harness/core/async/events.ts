/**
 * Moments of a run at which something else may want to act: faults do. Each floor adds those that it announces, by
 * declaration merging, beside the code that announces them.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the floors above fill it.
export interface Moments {}

type Listener<M extends keyof Moments> = (moment: Moments[M]) => Promise<void>;

const listeners = new Map<keyof Moments, Listener<keyof Moments>[]>();

/** Calls `listener` at every such moment from now on; `announce` waits for it. */
export function on<M extends keyof Moments>(moment: M, listener: Listener<M>): void {
  listeners.set(moment, [...(listeners.get(moment) ?? []), listener as Listener<keyof Moments>]);
}

/** Tells all listeners, one after the other. */
export async function announce<M extends keyof Moments>(moment: M, details: Moments[M]): Promise<void> {
  for (const listener of listeners.get(moment) ?? []) await listener(details as Moments[keyof Moments]);
}
