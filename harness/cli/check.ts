import { progressOn } from "#harness/core/progress.ts";
import { projectRoot } from "#harness/core/project-root.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { installMissing } from "#harness/host/setup/install.ts";
import { lint } from "#harness/tools/lint/lint.ts";
import { shellcheck } from "#harness/tools/lint/shell.ts";
import { runMain, runTool, runVitest } from "./run.ts";

const local = new LocalHost();

// Types, lint and the tests that take no time; all are run even if one fails.
await runMain(async () => {
  await installMissing(local, progressOn(process.stderr), [shellcheck], "checking the shell scripts");
  const codes = [
    await runTool("tsc", ["--noEmit"]),
    await runTool("biome", ["check"]),
    await lint(local, projectRoot, (line) => process.stdout.write(`${line}\n`)),
    await runVitest(["run", "--project", "unit", ...process.argv.slice(2)]),
  ];
  return codes.find((code) => code !== 0);
});
