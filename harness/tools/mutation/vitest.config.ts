import { defineConfig } from "vitest/config";

/**
 * The unit tests as mutants are tried with: in one worker that keeps what it has loaded. Stryker has no choice of projects in
 * the project's own configuration.
 */
export default defineConfig({
  test: {
    isolate: false,
    // Stryker gives each mutant a time of its own, from how long the tests took before.
    testTimeout: 60_000,
    include: [
      "{harness/{cni,cnm,conformance,core,observe},reports,drivers/reference}/**/*.test.ts",
      "harness/tools/mutation/fixtures/*.test.ts",
    ],
    // Of what carries messages; with a processor for each mutant its deadlines are soon over.
    exclude: ["harness/cnm/recorder/**"],
  },
});
