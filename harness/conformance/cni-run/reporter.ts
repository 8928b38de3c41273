import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Reporter, TestModule, Vitest } from "vitest/node";
import { sweepPlaces } from "#harness/cni/testbed/place/place.ts";
import { within } from "#harness/core/async/poll.ts";
import { DeadlineExceeded } from "#harness/core/errors.ts";
import { LocalHost } from "#harness/host/local/local-host.ts";

const closeMs = 15_000;

/**
 * The part of `runCniSuite` in the vitest that it starts. Prints one line on stdout for each test file that has ended: how many
 * of how many, and which target. The process that started the run holds the other end of stdin: when that
 * closes, for whatever reason, the run ends, and takes its namespaces and the folder that stdin has named
 * with it.
 */
export default class SuiteReporter implements Reporter {
  #ended = 0;
  #all = 0;

  onInit(vitest: Vitest): void {
    const folders: string[] = [];
    const lines = createInterface({ input: process.stdin });
    lines.on("line", (folder) => folders.push(folder));
    lines.on("close", () => void endOrphan(vitest, folders));
    // It must not keep a run that is over from ending.
    process.stdin.unref();
  }

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

/** What the lines begin with, so that the process that started the run recognizes them. */
export const progressMark = "suite: ";

async function endOrphan(vitest: Vitest, folders: readonly string[]): Promise<void> {
  // No process reads what is still printed.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const closing = vitest.cancelCurrentRun("keyboard-input").then(() => vitest.close());
  await within({ what: "the run to end", deadlineMs: closeMs }, closing).catch((error: unknown) => {
    if (!(error instanceof DeadlineExceeded)) throw error;
  });
  await sweepPlaces(new LocalHost());
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}
