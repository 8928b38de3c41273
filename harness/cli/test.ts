import { progress } from "#harness/core/progress.ts";
import { LocalHost } from "#harness/host/local-host.ts";
import { installMissing, networkTools } from "#harness/host/setup/install.ts";
import { runMain, runVitest } from "./run.ts";

// The project's own tests: units beside the code, and tests from outside that run small suites and look at what they reported.
await runMain(async () => {
  await installMissing(new LocalHost(), progress, networkTools, "the project's own tests");
  return runVitest(["run", "--project", "unit", "--project", "integration", ...process.argv.slice(2)]);
});
