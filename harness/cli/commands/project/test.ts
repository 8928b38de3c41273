import { newCommand, runMain, runVitest } from "#harness/cli/run.ts";
import { progress } from "#harness/core/async/progress.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing, networkTools } from "#harness/host/setup/install.ts";

/** The project's own tests. */
export const command = newCommand("test")
  .description(
    "The project's own tests: units beside the code, and tests that run small suites and look at their reports.",
  )
  .argument("[arguments...]", "of vitest, e.g. a part of a file's path")
  .allowUnknownOption()
  .passThroughOptions()
  .action((given: string[]) => runMain(() => test(given)));

async function test(given: readonly string[]): Promise<number> {
  await installMissing(new LocalHost(), progress, networkTools, "the project's own tests");
  return runVitest(["run", "--project", "unit", "--project", "integration", ...given]);
}
