import { Nonconformance } from "#harness/core/errors.ts";
import { expectThat } from "./expect.ts";

/**
 * The user's command must fail, with an error that says more than that it failed, and that names each of `values`.
 * Resolves to that error, in one line. Throws `Nonconformance` when it succeeds.
 */
export async function expectRefusal(
  command: string,
  work: Promise<unknown>,
  values: readonly string[] = [],
): Promise<string> {
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
  const said = /expected success, got (?:HTTP \d+: )?(.*)/.exec(message)?.[1] ?? "";
  expectThat(/\S+\s+\S+/.test(said), {
    who: command,
    expected: "an error that says what failed",
    got: message,
  });
  for (const value of values) {
    expectThat(said.includes(value), { who: command, expected: `an error that names ${value}`, got: said });
  }
  return said;
}
