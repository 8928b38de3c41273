import { HarnessError } from "#harness/errors.ts";

interface Removal {
  what: string;
  remove: () => Promise<unknown> | unknown;
}

/**
 * Creation registers its own removal: whatever makes a thing calls `defer` at once.
 * Closing runs the removals last-in-first-out, runs all of them even when some fail, and then
 * throws one error that names everything that would not go.
 */
export class Scope implements AsyncDisposable {
  readonly name: string;
  readonly #removals: Removal[] = [];
  #closed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Registers the removal of `what`. Throws when the scope is closed already: the thing would leak. */
  defer(what: string, remove: Removal["remove"]): void {
    if (this.#closed) throw new HarnessError(`${what} was made after ${this.name} was closed`);
    this.#removals.push({ what, remove });
  }

  /** A scope that closes with this one, or earlier by itself. */
  child(name: string): Scope {
    const child = new Scope(`${this.name} › ${name}`);
    this.defer(name, () => child.close());
    return child;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const failures: string[] = [];
    for (let removal = this.#removals.pop(); removal; removal = this.#removals.pop()) {
      try {
        await removal.remove();
      } catch (error) {
        failures.push(`${removal.what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (failures.length > 0) {
      throw new HarnessError(`${this.name}: could not remove everything\n  ${failures.join("\n  ")}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
