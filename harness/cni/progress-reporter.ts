import type { Reporter, TestModule } from "vitest/node";

/** Prints one line on stdout for each test file that has ended: how many of how many, and which target. */
export default class ProgressReporter implements Reporter {
  #ended = 0;
  #all = 0;

  onTestRunStart(specifications: readonly unknown[]): void {
    this.#all = specifications.length;
  }

  onTestModuleEnd({ project }: TestModule): void {
    this.#ended += 1;
    process.stdout.write(
      `${progressMark}${this.#ended} of ${this.#all} test files, last of ${project.name}\n`,
    );
  }
}

/** What the lines begin with, so that whoever started the run tells them from anything else. */
export const progressMark = "tier: ";
