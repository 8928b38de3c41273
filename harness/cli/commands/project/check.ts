import { newCommand, runMain, runTool, runVitest } from "#harness/cli/run.ts";
import { progressOn } from "#harness/core/async/progress.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";
import { installMissing } from "#harness/host/setup/install.ts";
import { floorsCheck } from "#harness/tools/floors/check-floors.ts";
import { lint } from "#harness/tools/lint/lint.ts";
import { shellcheck } from "#harness/tools/lint/shell.ts";

/** Types, lint of every language, the floors and the tests that take no time. */
export const command = newCommand("check")
  .description(
    "Types, lint of TypeScript, Python and shell scripts, the floors, and the tests that take no time; all are run even if one fails.",
  )
  .argument("[arguments...]", "of vitest, e.g. a part of a file's path")
  .allowUnknownOption()
  .passThroughOptions()
  .action((given: string[]) => runMain(() => check(given)));

async function check(given: readonly string[]): Promise<number | undefined> {
  const local = new LocalHost();
  await installMissing(local, progressOn(process.stderr), [shellcheck], "checking the shell scripts");
  const codes = [
    await runTool("tsc", ["--noEmit"]),
    await runTool("biome", ["check"]),
    await runTool("biome", floorsCheck(projectRoot)),
    await lint(local, projectRoot, (line) => process.stdout.write(`${line}\n`)),
    await runVitest(["run", "--project", "unit", ...given]),
  ];
  return codes.find((code) => code !== 0);
}
