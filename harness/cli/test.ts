import { LocalHost } from "#harness/host/local-host.ts";
import { progress } from "#harness/progress.ts";
import { installMissing, networkTools } from "#harness/setup/install.ts";
import { runMain, runVitest } from "./run.ts";

// The project's own tests: units beside the code, and tests from outside that run small suites and look at what they reported.
await runMain(async () => {
  await installMissing(new LocalHost(), progress, networkTools, "the project's own tests");
  return runVitest(["run", "--project", "unit", "--project", "self", ...process.argv.slice(2)]);
});
