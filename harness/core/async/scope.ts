import { HarnessError, Nonconformance } from "#harness/core/errors.ts";

interface Removal {
  what: string;
  remove: () => Promise<unknown> | unknown;
  /** Neighbours of the same kind do not depend on each other and go at the same time. */
  kind?: string | undefined;
}

/**
 * Creation registers its own removal: whatever makes a thing calls `defer` at once.
 * Closing runs the removals last-in-first-out (neighbours of one kind at the same time), runs all of them even
 * when some fail, and then throws one error that names everything that would not go: `Nonconformance` where it was the plugin
 * each time that refused, else `HarnessError`.
 */
export class Scope implements AsyncDisposable {
  readonly name: string;
  readonly #removals: Removal[] = [];
  #closed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Registers the removal of `what`. Throws when the scope is closed already: the thing would leak. */
  defer(what: string, remove: Removal["remove"], { kind }: Pick<Removal, "kind"> = {}): void {
    if (this.#closed) throw new HarnessError(`${what} was made after ${this.name} was closed`);
    this.#removals.push({ what, remove, kind });
  }

  /** A scope that closes with this one, or earlier by itself. */
  child(name: string, options: Pick<Removal, "kind"> = {}): Scope {
    const child = new Scope(`${this.name} › ${name}`);
    this.defer(name, () => child.close(), options);
    return child;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const failures: { what: string; error: unknown }[] = [];
    for (let batch = this.#lastKind(); batch.length > 0; batch = this.#lastKind()) {
      await Promise.all(
        batch.map(async ({ what, remove }) => {
          try {
            await remove();
          } catch (error) {
            failures.push({ what, error });
          }
        }),
      );
    }
    if (failures.length === 0) return;
    const told = failures.map(
      ({ what, error }) => `${what}: ${error instanceof Error ? error.message : String(error)}`,
    );
    if (failures.every(({ error }) => error instanceof Nonconformance)) {
      const who = `${this.name}, when everything was removed`;
      throw new Nonconformance({ who, expected: "all of it to go", got: told.join("\n  ") });
    }
    throw new HarnessError(`${this.name}: could not remove everything\n  ${told.join("\n  ")}`);
  }

  /** Takes the last removal, and those before it that are of its kind. */
  #lastKind(): Removal[] {
    const kind = this.#removals.at(-1)?.kind;
    const batch = this.#removals.splice(-1);
    while (kind !== undefined && this.#removals.at(-1)?.kind === kind)
      batch.push(...this.#removals.splice(-1));
    return batch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
