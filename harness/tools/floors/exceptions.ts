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
  /** Who starts processes with `node:child_process`. All others use `LocalHost` or zx. */
  readonly processStarters: readonly Exception[];
}

/** Every exception from the rules of the floors. */
export const exceptions: Exceptions = {
  upwardImports: [],
  environmentReaders: [
    { files: "harness/core/settings/**", because: "the one place where the environment is read" },
    {
      files: "harness/cli/bootstrap.mjs",
      because: "runs on the system's Node.js before any package is installed, and hands the environment on",
    },
    {
      files: "harness/cni/debug-plugins/common.cjs",
      because: "the protocol of CNI passes a call's parameters to a plugin in its environment",
    },
  ],
  processStarters: [
    {
      files: "harness/cli/bootstrap.mjs",
      because: "runs on the system's Node.js before any package is installed",
    },
    {
      files: "harness/cni/debug-plugins/*.cjs",
      because: "CNI plugins, which a container runtime starts alone, without the project's packages",
    },
  ],
};
