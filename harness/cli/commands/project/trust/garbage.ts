import { randomInt } from "node:crypto";
import { InvalidArgumentError } from "commander";
import { newCommand, runMain, runVitest } from "#harness/cli/run.ts";

interface Options {
  readonly cases: number;
  readonly seed?: number;
}

/** Malformed answers and damaged files, more of them than the project's own tests try. */
export const command = newCommand("garbage")
  .description(
    "Tries malformed answers of plugins and damaged files: each must end in a rule, or in a message. One that does not is made as small as it can be, and told with its seed.",
  )
  .option("--cases <number>", "how many of each kind", count, 10_000)
  .option("--seed <number>", "the same cases again; default: others each time", count)
  .action((options: Options) => runMain(() => garbage(options)));

function garbage({ cases, seed = randomInt(2 ** 31) }: Options): Promise<number> {
  console.log(`${cases} cases of each kind, --seed ${seed}`);
  return runVitest(["run", "--project", "unit", "harness/testing/garbage"], {
    GARBAGE_CASES: String(cases),
    GARBAGE_SEED: String(seed),
  });
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1 && number < 2 ** 31) return number;
  throw new InvalidArgumentError("expected a whole number from 1");
}
