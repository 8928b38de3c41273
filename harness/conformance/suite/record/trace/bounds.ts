/** Cuts what is too long, and remembers what was left out, and where all of it is. */
export class Bounds {
  readonly #counted = new Map<string, number>();
  readonly #said: string[] = [];

  /** The beginning of a text; what is left out is counted under `what`. */
  text(text: string, characters: number, what: string, where: string): string {
    const more = text.length - characters;
    if (more <= 0) return text;
    this.#count(`characters ${what}: ${where}`, more);
    return `${text.slice(0, characters)}\n… ${more} more characters`;
  }

  /** The first ones of a list. */
  first<T>(all: readonly T[], most: number, what: string, where: string): T[] {
    return this.#take(all.slice(0, most), all.length, `later ${what}`, where);
  }

  /** The last ones of a list. */
  last<T>(all: readonly T[], most: number, what: string, where: string): T[] {
    return this.#take(all.slice(-most), all.length, `earlier ${what}`, where);
  }

  /** Both ends of a list: the middle is left out. */
  ends<T>(all: readonly T[], most: number, what: string, where: string): T[] {
    if (all.length <= most) return [...all];
    const begin = Math.floor(most / 3);
    const kept = [...all.slice(0, begin), ...all.slice(begin - most)];
    return this.#take(kept, all.length, `${what} after the first ${begin}`, where);
  }

  /** Something that is left out for a reason of its own. */
  leave(said: string): void {
    this.#said.push(said);
  }

  /** A line for each kind of thing that was left out. */
  leftOut(): string[] {
    return [...[...this.#counted].map(([what, count]) => `${count} ${what}`), ...this.#said];
  }

  #take<T>(kept: T[], total: number, what: string, where: string): T[] {
    if (kept.length < total) this.#count(`${what}: ${where}`, total - kept.length);
    return kept;
  }

  #count(what: string, count: number): void {
    this.#counted.set(what, (this.#counted.get(what) ?? 0) + count);
  }
}
