import { readSettings } from "#harness/core/settings/settings.ts";
import { endOnUsageError } from "#harness/core/settings/usage.ts";
import { findFault } from "./inject.ts";

/** Before a cluster is brought up: ends the run with exit code 2 where there is no such fault. */
export default function refuseUnknownFault(): void {
  try {
    findFault(readSettings().FAULT ?? "");
  } catch (error) {
    endOnUsageError(error);
  }
}
