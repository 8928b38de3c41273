import { Nonconformance, NotGone } from "#harness/core/errors.ts";
import { scaled } from "#harness/core/settings/patience.ts";
import { firstLineOf } from "#harness/core/text/lines.ts";
import { expectThat } from "./expect.ts";

/** The user's command must fail. Resolves to what it said, in one line. Throws `Nonconformance` when it succeeds. */
export async function expectFailure(command: string, work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expectThat(outcome instanceof Nonconformance, {
    who: command,
    expected: "an error",
    got: outcome === undefined ? "success" : String(outcome),
  });
  // Some engines put what is wrong on a line of its own.
  const message = outcome.message.replaceAll(/\s*\n\s*/g, " ");
  return /expected success, got (?:HTTP \d+: )?(.*)/.exec(message)?.[1] ?? message;
}

/**
 * The user's command must fail, with an error that says more than that it failed, and that names each of `values`.
 * Resolves to that error, in one line. Throws `Nonconformance` when it succeeds.
 */
export async function expectRefusal(
  command: string,
  work: Promise<unknown>,
  values: readonly string[] = [],
): Promise<string> {
  const said = await expectFailure(command, work);
  expectThat(/\S\s+\S/.test(said), {
    who: command,
    expected: "an error that says what failed",
    got: said,
  });
  for (const value of values) {
    expectThat(said.includes(value), { who: command, expected: `an error that names ${value}`, got: said });
  }
  return said;
}

/**
 * Looks at every case, at the same time. Throws the `Nonconformance` of the one that failed, or one that tells all of them; any other
 * error as it is.
 */
export async function expectEach<Case>(
  cases: readonly Case[],
  look: (one: Case) => Promise<unknown>,
): Promise<void> {
  const ends = await Promise.allSettled(cases.map(look));
  const errors = ends.flatMap((end): unknown[] => (end.status === "rejected" ? [end.reason] : []));
  const failed = errors.filter((error) => error instanceof Nonconformance);
  if (failed.length < errors.length) throw errors.find((error) => !(error instanceof Nonconformance));
  throwAll(failed, cases.length);
}

/**
 * Looks at the cases one after the other, each as if those before it had held: `look` takes back what it made. Once one has failed none is begun
 * later than `forMs` after the first. Throws the `Nonconformance` of the one that failed, or one that tells all of them; where nothing
 * failed before it, any other error as it is.
 */
export async function expectInTurn<Case>(
  cases: readonly Case[],
  look: (one: Case) => Promise<unknown>,
  { forMs = 90_000 } = {},
): Promise<void> {
  const failed: Nonconformance[] = [];
  const latest = performance.now() + scaled(forMs);
  for (const one of cases) {
    if (failed.length > 0 && performance.now() > latest) break;
    try {
      await look(one);
    } catch (error) {
      if (error instanceof Nonconformance) failed.push(error);
      else if (failed.length === 0) throw error;
    }
  }
  throwAll(failed, cases.length);
}

/** Nothing where nothing failed; one `Nonconformance` for all, which is `NotGone` where each of them is. */
function throwAll(failed: readonly Nonconformance[], cases: number): void {
  const [first, ...others] = failed;
  if (!first) return;
  if (others.length === 0) throw first;
  const told = {
    who: `${failed.length} of ${cases} cases`,
    expected: "each to hold",
    got: firstLineOf(first.message),
    evidence: others.map((error) => error.message).join("\n"),
  };
  throw failed.every((error) => error instanceof NotGone) ? new NotGone(told) : new Nonconformance(told);
}
