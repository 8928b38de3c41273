import type { TestProject } from "vitest/node";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { findFault } from "./inject.ts";

/** Before a cluster is brought up: ends the run with exit code 2 where there is no such fault. */
export default function refuseUnknownFault(project: TestProject): void {
  try {
    findFault(project.getProvidedContext().settings.FAULT ?? "");
  } catch (error) {
    endOnUsageError(error);
  }
}
