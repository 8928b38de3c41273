import {
  HarnessError,
  HostUnreachable,
  isLoss,
  messageOf,
  Nonconformance,
  NotGone,
} from "#harness/core/errors.ts";
import { causeOf } from "#harness/core/failure/cause.ts";
import { until } from "./poll.ts";

/** How something that was made goes. Where a connection was lost on the way `remove` is called again: the thing may be gone. */
export interface Removal {
  readonly what: string;
  readonly remove: () => Promise<unknown> | unknown;
  /** Neighbours of the same kind do not depend on each other and go at the same time. */
  readonly kind?: string | undefined;
}

/** For how long a removal is made again whose connection was lost. */
const againMs = 30_000;

/** Something would not go. `unreached` is what there was no connection for, so that nobody else is to blame for its being there. */
export class NotRemoved extends HarnessError {
  override name = "NotRemoved";
  readonly unreached: readonly Removal[];
  constructor(scope: string, told: readonly string[], unreached: readonly Removal[], cause: unknown) {
    const because = causeOf(cause);
    super(`${scope}: could not remove everything\n  ${told.join("\n  ")}`, {
      cause,
      ...(because ? { because } : {}),
    });
    this.unreached = unreached;
  }
}

/**
 * Creation registers its own removal: whatever makes a thing calls `defer` at once.
 * Closing runs the removals last-in-first-out (neighbours of one kind at the same time), runs all of them even
 * when some fail, and then throws one error that names everything that would not go: `NotGone` where it was the plugin
 * each time that refused, else `NotRemoved`.
 */
export class Scope implements AsyncDisposable {
  readonly name: string;
  readonly #removals: Removal[] = [];
  #closed = false;

  constructor(name: string) {
    this.name = name;
  }

  get closed(): boolean {
    return this.#closed;
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
    const failures: { removal: Removal; error: unknown }[] = [];
    for (let batch = this.#lastKind(); batch.length > 0; batch = this.#lastKind()) {
      await Promise.all(
        batch.map(async (removal) => {
          try {
            await carryOut(removal);
          } catch (error) {
            failures.push({ removal, error });
          }
        }),
      );
    }
    if (failures.length === 0) return;
    const told = failures.map(({ removal: { what }, error }) => `${what}: ${messageOf(error)}`);
    if (failures.every(({ error }) => error instanceof Nonconformance)) {
      const who = `${this.name}, when everything was removed`;
      throw new NotGone({ who, expected: "all of it to go", got: told.join("\n  ") });
    }
    const unreached = failures.flatMap(({ removal, error }) => {
      if (error instanceof NotRemoved) return error.unreached;
      return isLoss(error) ? [removal] : [];
    });
    const first = failures.find(({ error }) => isLoss(error)) ?? failures[0];
    throw new NotRemoved(this.name, told, unreached, first?.error);
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

/** Again where a connection was lost on the way, which says nothing of the thing itself. Every other failure is thrown at once. */
async function carryOut({ what, remove }: Removal): Promise<void> {
  const deadline = { what: `${what} to be removed over a connection that lasts`, deadlineMs: againMs };
  const { failure } = await until({ ...deadline, everyMs: 200 }, async () => {
    try {
      await remove();
      return { failure: undefined };
    } catch (error) {
      if (isLoss(error) && !(error instanceof NotRemoved) && !(error instanceof HostUnreachable)) throw error;
      return { failure: error };
    }
  });
  if (failure !== undefined) throw failure;
}
