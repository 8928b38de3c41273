import { projectRoot } from "#harness/core/project-root.ts";
import { floorsCheck } from "#harness/tools/floors/check-floors.ts";
import { runMain, runTool, runVitest } from "./run.ts";

// Types, lint, the floors and the tests that take no time; all are run even if one fails.
await runMain(async () => {
  const codes = [
    await runTool("tsc", ["--noEmit"]),
    await runTool("biome", ["check"]),
    await runTool("biome", floorsCheck(projectRoot)),
    await runVitest(["run", "--project", "unit", ...process.argv.slice(2)]),
  ];
  return codes.find((code) => code !== 0);
});
