import { basename, dirname } from "node:path";
import type { TestProject } from "vitest/node";
import { progressOn } from "#harness/core/async/progress.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { describeMissedPlace } from "./fault.ts";
import { findFault, findOwnDefect } from "./inject.ts";

/**
 * Before a cluster is brought up: ends the run with exit code 2 where no chapter has such a fault, and tells where it is at home when its
 * driver, its engine or its chapter is not among what runs.
 */
export default function lookForFault(project: TestProject): void {
  try {
    const { FAULT, MEND } = project.getProvidedContext().settings;
    const { projects, state } = project.vitest;
    const runs = projects.filter((one) => one.getProvidedContext().target?.engines);
    // Each target's project looks; one of them tells.
    if (project !== runs[0]) return;
    const running = {
      targets: runs.flatMap((one) => one.getProvidedContext().target ?? []),
      chapters: state.getPaths().map((file) => basename(dirname(file))),
    };
    const missed = [
      FAULT ? describeMissedPlace("FAULT", findFault(FAULT), running) : undefined,
      MEND ? describeMissedPlace("MEND", findOwnDefect(MEND), running) : undefined,
    ];
    for (const one of missed) if (one) progressOn(process.stderr).say(one);
  } catch (error) {
    endOnUsageError(error);
  }
}
