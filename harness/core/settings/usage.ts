import { UsageError } from "#harness/core/errors.ts";

/** Ends the process with exit code 2 and the message of a usage error; throws anything else on. */
export function endOnUsageError(error: unknown): never {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
