import { Scope } from "#harness/core/async/scope.ts";
import type { Shared } from "./tools.ts";

/**
 * What the tests of a suite share, made on first use. After `separate` everything is made anew, in a scope of its own: for
 * tests that come when what the others shared is gone, or that must not leave anything to them.
 */
export class Shares {
  readonly #scope: Scope;
  #separate: Scope | undefined;
  #made = new Map<Shared<unknown>, Promise<unknown>>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** What `shared` stands for; `make` gets the scope in which it lasts. */
  of<T>(shared: Shared<T>, make: (scope: Scope) => Promise<T>): Promise<T> {
    const made = this.#made.get(shared) ?? make(this.#separate ?? this.#scope);
    this.#made.set(shared, made);
    return made as Promise<T>;
  }

  separate(): void {
    if (this.#separate) return;
    this.#separate = new Scope(`${this.#scope.name}, undeclared`);
    this.#made = new Map();
  }

  /** Removes what was made since `separate`, as far as it goes. Resolves to whether there was a `separate` at all. */
  async closeSeparate(): Promise<boolean> {
    if (!this.#separate) return false;
    await this.#separate.close().catch(() => {});
    return true;
  }
}
