import { causeOfEnd } from "#reports/conformance/outcome/causes.ts";
import type { Observation } from "#reports/conformance/statement.ts";
import { formatDuration } from "#reports/conformance/words.ts";
import { type Finished, formatFinished } from "./finished.ts";
import { InTurn } from "./in-turn.ts";
import { lookOf } from "./look.ts";

const silenceMs = 8_000;

/** What a person reads of a run while it goes on: tests as they end, chapter by chapter, and what runs where nothing has ended for long. */
export class RunConsole {
  readonly look = lookOf(process.stdout);
  readonly #running = new Map<string, { readonly name: string; readonly howFar?: string }>();
  /** Causes that were told. */
  readonly #told = new Set<string>();
  readonly #turns = new InTurn<() => void>((tell) => tell());
  /** A person who was asked something is not talked over. */
  readonly #quiet: boolean;
  #progress = { startedAt: 0, files: 0, ended: 0 };
  #lastPrinted = 0;
  #ticker: NodeJS.Timeout | undefined;

  constructor({ quiet }: { readonly quiet: boolean }) {
    this.#quiet = quiet;
  }

  /** A round of so many test files begins. */
  beginRound(files: number): void {
    this.#progress = { ...this.#progress, files, ended: 0 };
    this.#running.clear();
    this.#told.clear();
  }

  /** From now on it is told what runs; `startedAt`: of the run, in milliseconds since the epoch. */
  begin(startedAt: number): void {
    this.#progress = { ...this.#progress, startedAt };
    this.#ticker = setInterval(() => this.#tellProgress(), 1_000).unref();
  }

  /** A test runs. */
  started(id: string, name: string): void {
    this.#running.set(id, { name });
  }

  /** How far it has come, e.g. `312 of 1000 starts`. */
  progressed(id: string, howFar: string): void {
    const running = this.#running.get(id);
    if (running) this.#running.set(id, { ...running, howFar });
  }

  /** It has ended. */
  ended(id: string): void {
    this.#running.delete(id);
  }

  /** What a test of `file` has shown, when it is that file's turn. */
  tell(file: string, found: Observation | Finished): void {
    this.#turns.say(file, () => ("requirement" in found ? this.#tellOnce(found) : this.#finished(found)));
  }

  /** Nothing more comes of a file. */
  endFile(file: string): void {
    this.#progress = { ...this.#progress, ended: this.#progress.ended + 1 };
    this.#turns.end(file);
  }

  /** Tells what still waits for its turn. */
  finishRound(): void {
    this.#turns.finish();
  }

  /** The run is over. */
  finish(): void {
    this.#turns.finish();
    clearInterval(this.#ticker);
  }

  /** A line, or several. */
  say(text: string): void {
    this.write(process.stdout, `${text}\n`);
  }

  /** What somebody else prints. */
  write(stream: NodeJS.WritableStream, text: string): void {
    this.#lastPrinted = Date.now();
    stream.write(text);
  }

  /** A cause that takes many requirements is told when it is first seen; who fails with the words of another says so in one line. */
  #tellOnce(observation: Observation): void {
    const { target, outcome, cause, sawNothing } = observation;
    if (outcome === "not run" && !sawNothing) return;
    const found = causeOfEnd(observation);
    const key = `${target} ${found?.id}`;
    const again = found !== undefined && this.#told.has(key);
    this.#told.add(key);
    if (again && cause) return;
    // The test that met it first stands for none of the others.
    const test = cause ? `${cause.kind}: ${cause.what}` : observation.test;
    const { reproduce, ...short } = { ...observation, test, reason: `as before: ${found?.what}` };
    this.#finished(again ? short : { ...observation, test });
  }

  #finished(finished: Finished): void {
    this.say(formatFinished(finished, this.look));
  }

  #tellProgress(): void {
    if (this.#quiet || Date.now() - this.#lastPrinted < silenceMs) return;
    const { startedAt, ended, files } = this.#progress;
    const named = [...this.#running.values()].map(({ name, howFar }) =>
      howFar === undefined ? name : `${name} (${howFar})`,
    );
    const now = named.slice(0, 3).join(", ") || "getting the targets ready";
    const more = this.#running.size > 3 ? ` and ${this.#running.size - 3} more` : "";
    this.say(`  ${formatDuration(Date.now() - startedAt)}, ${ended}/${files} files done; now: ${now}${more}`);
  }
}
