import type { TestProject } from "vitest/node";
import { progressOn } from "#harness/core/async/progress.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { describePlace } from "./fault.ts";
import { findFault } from "./inject.ts";

/**
 * Before a cluster is brought up: ends the run with exit code 2 where there is no such fault, and tells where it is at home when no
 * target is such a place.
 */
export default function lookForFault(project: TestProject): void {
  try {
    const { name, on } = findFault(project.getProvidedContext().settings.FAULT ?? "");
    const drivers = project.vitest.projects.flatMap((one) => one.getProvidedContext().target?.driver ?? []);
    if (drivers.length > 0 && !drivers.includes(on.driver)) {
      progressOn(process.stderr).say(
        `FAULT=${name} is made for ${describePlace(on)}: with another driver it may change nothing`,
      );
    }
  } catch (error) {
    endOnUsageError(error);
  }
}
