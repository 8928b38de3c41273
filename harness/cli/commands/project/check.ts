import { newCommand, runMain, runTool, runVitest } from "#harness/cli/run.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { floorsCheck } from "#harness/tools/floors/check-floors.ts";

/** Types, lint, the floors and the tests that take no time. */
export const command = newCommand("npm run check --")
  .description("Types, lint, the floors and the tests that take no time; all are run even if one fails.")
  .argument("[arguments...]", "of vitest, e.g. a part of a file's path")
  .allowUnknownOption()
  .passThroughOptions()
  .action((given: string[]) => runMain(() => check(given)));

async function check(given: readonly string[]): Promise<number | undefined> {
  const codes = [
    await runTool("tsc", ["--noEmit"]),
    await runTool("biome", ["check"]),
    await runTool("biome", floorsCheck(projectRoot)),
    await runVitest(["run", "--project", "unit", ...given]),
  ];
  return codes.find((code) => code !== 0);
}
