/** A file, or a glob of files, for which a rule does not hold, and why. */
export interface Exception {
  readonly files: string;
  readonly because: string;
}

/** A file that imports from a higher floor. */
export interface UpwardImport extends Exception {
  /** What it imports, by the name in the `import`. */
  readonly imports: string;
}

export interface Exceptions {
  readonly upwardImports: readonly UpwardImport[];
  /** Who reads or writes `process.env`. All others are given what they need. */
  readonly environmentReaders: readonly Exception[];
  /** Who calls `readSettings` below the commands. All others are given the settings, vitest's workers by `workerSettings`. */
  readonly settingsReaders: readonly Exception[];
  /** Who starts processes with `node:child_process`. All others use `LocalHost` or zx. */
  readonly processStarters: readonly Exception[];
}

/** Every exception from the rules of the floors. */
export const exceptions: Exceptions = {
  upwardImports: [
    ...["drivers/contiv/blocked.integration.ts", "drivers/cni/runtimes/runtimes.integration.ts"].map(
      (files) => {
        const because = "runs the suite with the driver as a user does, and reads its report";
        return { files, imports: "#reports/vitest-run.ts", because };
      },
    ),
    {
      files: "drivers/reference/cni/serve.integration.ts",
      imports: "#harness/conformance/cni-run/run-suite.ts",
      because: "runs the CNI suite against the plugin as a user does",
    },
    ...[
      "reports/github/github.test.ts",
      "reports/matrix/matrix.test.ts",
      "reports/matrix/page/pages.integration.ts",
    ].map((files) => {
      const because = "shows a matrix as the tool counts and compares it";
      return { files, imports: "#harness/tools/matrix/*.ts", because };
    }),
  ],
  environmentReaders: [
    { files: "harness/core/settings/**", because: "the one place where the environment is read" },
    {
      files: "harness/cli/bootstrap.mjs",
      because: "runs on the system's Node.js before any package is installed, and hands the environment on",
    },
    {
      files: "harness/cli/bin.mjs",
      because: "says what libraries take from the environment before they are loaded",
    },
    {
      files: "{harness/testing,reports}/fixtures/vitest.config.ts",
      because: "a configuration for the project's own tests: the test that runs it names its fixtures there",
    },
    {
      files: "harness/cni/debug-plugins/program/common.cjs",
      because: "the protocol of CNI passes a call's parameters to a plugin in its environment",
    },
  ],
  settingsReaders: [
    {
      files: "reports/fixtures/vitest.config.ts",
      because: "a configuration of vitest, which reads the settings for its run",
    },
    {
      files: "suites/cleanup/interrupted-run.ts",
      because: "a program of its own: the chapter starts it and hands the settings on in its environment",
    },
  ],
  processStarters: [
    {
      files: "harness/core/process/process.ts",
      because: "asks ps, at once, who a process is where there is no /proc; zx is a floor above",
    },
    {
      files: "harness/core/process/starter.test.ts",
      because: "ends a process that has started another one; zx is a floor above",
    },
    {
      files: "harness/core/process/lock.test.ts",
      because:
        "ends processes that hold a lock, with nothing between them and the signal; zx is a floor above",
    },
    {
      files: "harness/cli/bootstrap.mjs",
      because: "runs on the system's Node.js before any package is installed",
    },
    {
      files: "harness/cni/debug-plugins/program/*.cjs",
      because: "CNI plugins, which a container runtime starts alone, without the project's packages",
    },
  ],
};
