import { runMain, runVitest } from "./run.ts";

// The project's own tests: units beside the code, and tests from outside that run small suites and look at what they reported.
await runMain(() => runVitest(["run", "--project", "unit", "--project", "self", ...process.argv.slice(2)]));
