import { randomInt } from "node:crypto";
import { InvalidArgumentError } from "commander";
import { newCommand, runMain, runVitest } from "#harness/cli/run.ts";

interface Options {
  readonly cases: number;
  readonly seed?: number;
  readonly only?: readonly string[];
  readonly sideBySide: number;
}

const usual = [
  "conform",
  "conform of two drivers",
  "conform of the reference plugin",
  ...["conform of CNI plugins", "prove", "prove the CNM suite", "matrix", "cni-table"],
  ...["cluster up", "cluster down", "images save"],
];

/** Commands that are killed in the middle, more of them than the project's own tests kill. */
export const command = newCommand("kills")
  .description(
    "Kills commands at random moments and types them again: the next one must be green, and nothing of the killed one may be left.",
  )
  .option("--cases <number>", "how many kills", count, 100)
  .option("--seed <number>", "the same moments again; default: others each time", count)
  .option("--only <command...>", `kill only these; default: ${usual.join(", ")}`)
  .option("--side-by-side <number>", "how many commands run at a time", count, 1)
  .action((options: Options) => runMain(() => kills(options)));

function kills({ cases, seed = randomInt(1, 2 ** 31), only, sideBySide }: Options): Promise<number> {
  console.log(`${cases} kills, --seed ${seed}`);
  return runVitest(
    ["run", "--project", "integration", "harness/testing/kills", "--disableConsoleIntercept"],
    {
      KILL_CASES: String(cases),
      KILL_SEED: String(seed),
      KILL_COMMANDS: (only ?? usual).join(","),
      KILL_LANES: String(sideBySide),
    },
  );
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1 && number < 2 ** 31) return number;
  throw new InvalidArgumentError("expected a whole number from 1");
}
