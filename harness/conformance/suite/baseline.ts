import type { Snapshot, SnapshotDifference } from "#harness/cluster/snapshot/snapshot.ts";

/** What a chapter left on the nodes. */
interface Leftovers {
  /** The chapter. */
  readonly of: string;
  readonly differences: readonly SnapshotDifference[];
}

/**
 * What is on the nodes of one cluster between chapters. What a chapter leaves is its own failure (C1) and nobody else's: it is known
 * from then on, whether it stays or goes later, and the chapters that come after say so.
 */
export class Baseline {
  /** What was there once the driver was installed. */
  readonly snapshot: Snapshot;
  readonly #leftovers: Leftovers[] = [];
  readonly #excused: SnapshotDifference[] = [];
  #unjudged: string | undefined;

  constructor(installed: Snapshot) {
    this.snapshot = installed;
  }

  /** Differences from the snapshot that are held against no chapter any more. */
  get known(): readonly SnapshotDifference[] {
    return [...this.#excused, ...this.#leftovers.flatMap(({ differences }) => differences)];
  }

  /** What earlier chapters left. */
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

  /** Somebody has looked for what the chapter that began has left. */
  judged(): void {
    this.#unjudged = undefined;
  }

  /** Takes what a chapter left for known. */
  leave(leftovers: Leftovers): void {
    this.#leftovers.push(leftovers);
  }

  /**
   * Excuses what was left where something undeclared was only tried. Does nothing while nobody has looked for what the chapter itself
   * left: that would be excused as well.
   */
  excuse(differences: readonly SnapshotDifference[]): boolean {
    if (this.#unjudged !== undefined) return false;
    this.#excused.push(...differences);
    return true;
  }
}
