import type { Snapshot } from "#harness/cluster/snapshot/snapshot.ts";

/** What a chapter left on the nodes. */
interface Leftovers {
  /** The chapter. */
  readonly of: string;
  /** The differences in words, a line each. */
  readonly told: string;
}

/**
 * What is on the nodes of one cluster between chapters. What a chapter leaves is its own failure (C1) and nobody else's: the next
 * one works against a new baseline, and says so.
 */
export class Baseline {
  #snapshot: Snapshot;
  readonly #leftovers: Leftovers[] = [];
  #unjudged: string | undefined;

  /** `installed` is what was there once the driver was installed. */
  constructor(installed: Snapshot) {
    this.#snapshot = installed;
  }

  /** What a chapter must find and leave. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** What earlier chapters left, which this one is not blamed for. */
  get leftovers(): readonly Leftovers[] {
    return this.#leftovers;
  }

  /** The chapter before this one, where nothing has looked for what it left. */
  get unjudged(): string | undefined {
    return this.#unjudged;
  }

  /** A chapter begins: until something has looked, nobody knows what it leaves. */
  begin(chapter: string): void {
    this.#unjudged = chapter;
  }

  /** The chapter that began has left nothing, or what it left was told. */
  judged(): void {
    this.#unjudged = undefined;
  }

  /** A chapter has left something: from now on it is there before a chapter begins. */
  renew(snapshot: Snapshot, leftovers: Leftovers): void {
    this.#snapshot = snapshot;
    this.#leftovers.push(leftovers);
    this.#unjudged = undefined;
  }

  /**
   * Excuses what was left where something undeclared was only tried. Does nothing while nobody has looked for what the chapter itself
   * left: that would be excused as well.
   */
  excuse(snapshot: Snapshot): boolean {
    if (this.#unjudged !== undefined) return false;
    this.#snapshot = snapshot;
    return true;
  }
}
