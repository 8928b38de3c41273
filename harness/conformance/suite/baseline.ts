import type { Snapshot } from "#harness/cluster/snapshot/snapshot.ts";

/** What is on the nodes of one cluster between chapters. */
export class Baseline {
  #snapshot: Snapshot;
  #hasLeftovers = false;

  /** `installed` is what was there once the driver was installed. */
  constructor(installed: Snapshot) {
    this.#snapshot = installed;
  }

  /** What every chapter must find and leave. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** A chapter has left something behind. From now on nothing is excused: later chapters must find it, too. */
  markLeftovers(): void {
    this.#hasLeftovers = true;
  }

  /**
   * Excuses what was left where something undeclared was only tried. Does nothing once a chapter has left something: that would
   * be excused as well.
   */
  excuse(snapshot: Snapshot): void {
    if (!this.#hasLeftovers) this.#snapshot = snapshot;
  }
}
