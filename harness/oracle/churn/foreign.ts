/** What was seen of links of others while attachments came and went. */
export interface Foreign {
  /** How often they came and went each second. */
  readonly perSecond: number;
  /** How many lists of links were whole, and of how many the kernel said that something had changed meanwhile. */
  readonly lists: { readonly whole: number; readonly interrupted: number };
  /** How long links took to come and go in a network namespace of their own, in milliseconds. */
  readonly apartMs: readonly number[];
}

/** What the program says that has links of others come and go, a word a line. */
export class ForeignSaid {
  #rest = "";
  #isReady = false;
  #rounds = 0;
  #whole = 0;
  #interrupted = 0;
  #begun: number | undefined;
  readonly #apartMs: number[] = [];

  /** Takes more of it, which came then (monotonic, in milliseconds). */
  take(text: string, now: number): void {
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line, now);
  }

  /** Whether those that stand there are made. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** What was seen in so many seconds; `undefined` where links did not come and go at least twice. */
  over(seconds: number): Foreign | undefined {
    if (this.#rounds < 2) return undefined;
    return {
      perSecond: this.#rounds / seconds,
      lists: { whole: this.#whole, interrupted: this.#interrupted },
      apartMs: this.#apartMs,
    };
  }

  #line(line: string, now: number): void {
    if (line === "ready") this.#isReady = true;
    if (line === "round") this.#rounds++;
    if (line === "whole") this.#whole++;
    if (line === "interrupted") this.#interrupted++;
    if (line === "begin") this.#begun = now;
    if (line === "end" && this.#begun !== undefined) this.#apartMs.push(now - this.#begun);
    if (line === "end") this.#begun = undefined;
  }
}

/** Of a hundred lists of links so many were interrupted, rounded to tens: it differs a little each time. Nothing where none was made. */
export function interruptedShare(all: readonly Foreign[]): number | undefined {
  const sum = (key: keyof Foreign["lists"]) => all.reduce((total, { lists }) => total + lists[key], 0);
  const lists = sum("whole") + sum("interrupted");
  return lists === 0 ? undefined : Math.round((sum("interrupted") / lists) * 10) * 10;
}
