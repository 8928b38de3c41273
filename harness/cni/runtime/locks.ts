/**
 * Who may run at the same time (specification, section 3, "Lifecycle & Ordering"): one operation per container,
 * different containers in parallel, and GC only when nothing else runs. First come, first served.
 */
export class OperationLocks {
  readonly #containers = new Map<string, Promise<unknown>>();
  readonly #running = new Set<Promise<unknown>>();
  #garbage: Promise<unknown> = Promise.resolve();

  /** Runs after everything that was asked for the same container before, and never beside a GC. */
  async forContainer<T>(containerId: string, work: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#garbage, this.#containers.get(containerId)]);
    const turn = before.then(work);
    const settled = settle(turn);
    this.#containers.set(containerId, settled);
    this.#running.add(settled);
    settled.then(() => {
      this.#running.delete(settled);
      if (this.#containers.get(containerId) === settled) this.#containers.delete(containerId);
    });
    return turn;
  }

  /** Runs when everything that was asked for before has ended; what is asked for later waits. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = Promise.all([this.#garbage, ...this.#running]).then(work);
    this.#garbage = settle(turn);
    return turn;
  }
}

function settle(work: Promise<unknown>): Promise<void> {
  return work.then(
    () => {},
    () => {},
  );
}
