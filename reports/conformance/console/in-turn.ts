/** What is told of chapters that run side by side, chapter by chapter: of one as it goes, of the others when it has ended. */
export class InTurn<Said> {
  readonly #tell: (said: Said) => void;
  /** In the order in which they first said something. */
  readonly #held = new Map<string, Said[]>();
  readonly #ended = new Set<string>();
  #front: string | undefined;

  constructor(tell: (said: Said) => void) {
    this.#tell = tell;
  }

  /** A chapter says something; also after its end, where vitest tells both in one go. */
  say(chapter: string, said: Said): void {
    if (!this.#ended.has(chapter)) this.#front ??= chapter;
    const held = this.#held.get(chapter);
    if (held) held.push(said);
    else if (this.#front === chapter || this.#ended.has(chapter)) this.#tell(said);
    else this.#held.set(chapter, [said]);
  }

  /** A chapter has ended. */
  end(chapter: string): void {
    this.#ended.add(chapter);
    if (this.#front !== chapter) return;
    this.#front = undefined;
    for (const [held, said] of this.#held) {
      this.#held.delete(held);
      for (const one of said) this.#tell(one);
      if (this.#ended.has(held)) continue;
      this.#front = held;
      return;
    }
  }

  /** Nothing more will be said: what is held is told. */
  finish(): void {
    for (const said of this.#held.values()) for (const one of said) this.#tell(one);
    this.#held.clear();
    this.#ended.clear();
    this.#front = undefined;
  }
}
