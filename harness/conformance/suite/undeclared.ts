import { within } from "#harness/core/async/poll.ts";
import { Scope } from "#harness/core/async/scope.ts";

/** A requirement that the driver does not claim gets less time than one that it does. */
const bodyMs = 20_000;
/** Everything in a body has a deadline of its own; what a body began late is still waited for. */
const lateMs = 30_000;

/** Longest that one try takes, in milliseconds, besides removing what it made. */
export const tryMs = bodyMs + lateMs;

/** A test of a requirement whose capabilities the driver does not declare. */
export interface UndeclaredTest {
  readonly requirement: string;
  /** The capabilities that are not declared. */
  readonly missing: readonly string[];
  /** What is made in `scope` is removed when the try is over. */
  readonly body: (scope: Scope) => Promise<void>;
}

/**
 * The tries of one suite. A driver owes nothing here: no try ever rejects, and what shows that a capability does not hold spares
 * the tests that need it as well.
 */
export class Tries {
  readonly #failed: (readonly string[])[] = [];
  readonly #left = new Map<string, number>();

  /** One more test of the requirement will be tried. */
  plan({ requirement }: UndeclaredTest): void {
    this.#left.set(requirement, (this.#left.get(requirement) ?? 0) + 1);
  }

  /**
   * Runs a planned test. Resolves to whether the requirement is now seen to hold: this was the last of its tests, and all
   * of them held. Not before the body has ended and what it made is removed.
   */
  async try(test: UndeclaredTest): Promise<boolean> {
    const { requirement, missing } = test;
    const left = (this.#left.get(requirement) ?? 0) - 1;
    this.#left.set(requirement, left);
    const hopeless = this.#failed.some((failed) => failed.every((one) => missing.includes(one)));
    if (!hopeless && (await holds(test))) return left === 0;
    this.#failed.push(missing);
    return false;
  }
}

async function holds({ requirement, body }: UndeclaredTest): Promise<boolean> {
  const what = `${requirement}, which the driver does not declare`;
  const scope = new Scope(what);
  const work = body(scope);
  const held = await succeeds(within({ what, deadlineMs: bodyMs }, work));
  await succeeds(within({ what: `${what}, to end`, deadlineMs: lateMs }, work));
  return (await succeeds(scope.close())) && held;
}

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
